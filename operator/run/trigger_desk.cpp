#include "operator/run/trigger_desk.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/base/log.hpp"
#include "operator/base/utf8.hpp"
#include "operator/run/live_object.hpp"

namespace slipway {
namespace {

using std::chrono::seconds;

/// Of each request to the API server; whoever asks waits for the answer.
constexpr std::chrono::milliseconds kDeadline = seconds(3);
constexpr seconds kLater{10};
/// The status is written by passes as well, mostly in the moment after a request.
constexpr int kTries = 4;

/// Whether an object can be called so: what comes from a path is asked of the API server by name.
bool IsName(std::string_view text) {
  const auto is_alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 253 && is_alnum(text.front()) && is_alnum(text.back()) &&
         std::ranges::all_of(text, [&](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

ReportAnswer NotNow(const Error& error) {
  const bool right = error.code == Code::kForbidden;
  return {503, (right ? "the operator lacks a right: " : "not now: ") + error.message, kLater};
}

ReportAnswer NoToken() {
  return {
      401,
      fmt::format("send a token for audience {} as bearer token, such as that of `kubectl create "
                  "token ACCOUNT --audience {}`",
                  TriggerDesk::kAudience, TriggerDesk::kAudience),
      {}};
}

ReportAnswer MayNot(const Caller& caller, const ResourceType& type, const ObjectKey& key) {
  return {
      403,
      fmt::format("{} may not {} {} {} in namespace {}; have a Role with apiGroups [{}], resources "
                  "[{}] and verbs [{}] bound to it",
                  Utf8Prefix(caller.Name(), 512), TriggerDesk::kVerb, type.plural, key.name, key.ns,
                  type.group, type.plural, TriggerDesk::kVerb),
      {}};
}

}  // namespace

TriggerDesk::TriggerDesk(std::vector<const Controller*> controllers, Client& client,
                         const Clock& clock)
    : client_(client), clock_(clock) {
  const auto found = std::ranges::find_if(
      controllers, [](const Controller* one) { return static_cast<bool>(one->take_request); });
  if (found != controllers.end()) controller_ = *found;
}

ReportAnswer TriggerDesk::Take(const std::string& ns, const std::string& name,
                               std::string_view token, std::string_view body,
                               const std::string& peer) {
  if (body.size() > kMaxRequest) return {413, "a request has at most 4096 bytes; send less", {}};
  if (!IsUtf8(body)) return {400, "a request is JSON in UTF-8; correct its body", {}};
  if (controller_ == nullptr || !IsName(ns) || !IsName(name)) {
    return {404, "use the address in status.webhook.url of a TrainingTrigger", {}};
  }
  if (token.empty()) return NoToken();
  if (!TakeTurn())
    return {429, "there are too many requests at this moment; try again", seconds(1)};
  std::string user;
  ReportAnswer answer = Answer({client_.cluster(), ns, name}, token, body, user);
  log::Info("request for a job", {{"namespace", ns},
                                  {"name", name},
                                  {"user", user},
                                  {"peer", peer},
                                  {"code", answer.status},
                                  {"answer", answer.text}});
  return answer;
}

bool TriggerDesk::TakeTurn() {
  const SteadyInstant now = clock_.Steady();
  const MutexLock lock(mutex_);
  // Who is turned away takes nothing, so that a flood does not keep others out after its end.
  if (bucket_.Take(0, now).count() > 0) return false;
  bucket_.Take(1, now);
  return true;
}

ReportAnswer TriggerDesk::Answer(const ObjectKey& key, std::string_view token,
                                 std::string_view body, std::string& user) {
  const ResourceType& type = controller_->kind.type;
  const auto caller = Authenticate(client_, token, kAudience, kDeadline);
  if (!caller) return NotNow(caller.error());
  if (!*caller) return NoToken();
  user = (*caller)->Name();
  // Before anything is said of the object: who may not do this does not learn whether it is there.
  const auto allowed = MayDo(client_, **caller, kVerb, type, key, kDeadline);
  if (!allowed) return NotNow(allowed.error());
  if (!*allowed) return MayNot(**caller, type, key);

  Result<ReportAnswer> answer = Fail(Code::kConflict, "");
  for (int i = 0; i < kTries && !answer && answer.error().code == Code::kConflict; ++i) {
    answer = Record(key, {user, body});
  }
  if (answer) return *answer;
  if (answer.error().code != Code::kNotFound) return NotNow(answer.error());
  return {404, fmt::format("there is no {} {}", type.kind, key.ToString()), {}};
}

Result<ReportAnswer> TriggerDesk::Record(const ObjectKey& key, const AuthorizedRequest& request) {
  const auto object = ReadLive(client_, controller_->kind, key, kDeadline);
  if (!object) return tl::unexpected(object.error());
  const Snapshot world({*object});
  const TakenRequest taken = controller_->take_request({key, world, clock_.Now(), {}}, request);
  if (taken.status) {
    const auto written = WriteLiveStatus(client_, **object, *taken.status, kDeadline);
    if (!written) return tl::unexpected(written.error());
  }
  return ReportAnswer{taken.code, taken.text, taken.code == 429 ? kLater : seconds(0)};
}

}  // namespace slipway
