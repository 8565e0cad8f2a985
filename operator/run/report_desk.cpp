#include "operator/run/report_desk.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "operator/base/utf8.hpp"
#include "operator/kube/labels.hpp"
#include "operator/run/access.hpp"
#include "operator/run/live_object.hpp"

namespace slipway {
namespace {

using nlohmann::json;

/// A program that reports waits for the answer, and has something better to do.
constexpr std::chrono::milliseconds kDeadline{3000};
// https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#bound-service-account-tokens
constexpr std::string_view kPodUid = "authentication.kubernetes.io/pod-uid";

/// Whether the token is bound to that pod.
bool IsOfPod(const Caller& caller, const std::string& pod_uid) {
  const auto extra = caller.user.find("extra");
  if (extra == caller.user.end() || !extra->is_object()) return false;
  const auto uids = extra->find(kPodUid);
  return uids != extra->end() && uids->is_array() &&
         std::ranges::find(*uids, json(pod_uid)) != uids->end();
}

ReportAnswer Explain(const Error& error) {
  switch (error.code) {
    case Code::kNotFound: return {410, "what the pod belongs to is not there any more", {}};
    case Code::kForbidden:
      return {503, "the operator lacks a right: " + error.message, ReportDesk::kBetween};
    default: return {503, "not now: " + error.message, ReportDesk::kBetween};
  }
}

const ReportAnswer kNoToken{
    401, "send what the file SLIPWAY_REPORT_TOKEN_FILE holds now, as bearer token", {}};

}  // namespace

ReportDesk::ReportDesk(const Store& pods, std::vector<const Controller*> controllers,
                       Client& client, const Clock& clock)
    : pods_(pods), controllers_(std::move(controllers)), client_(client), clock_(clock) {}

ReportAnswer ReportDesk::Take(const std::string& ns, const std::string& name,
                              std::string_view token, std::string_view report,
                              const std::string& peer) {
  if (report.size() > kMaxReport) {
    return {413, "a report has at most 4096 bytes; send less", {}};
  }
  if (!IsUtf8(report)) return {400, "a report is JSON in UTF-8", {}};
  if (token.empty()) return kNoToken;
  if (!pods_.Synced()) return {503, "not now: this replica has just started", kBetween};
  const ObjectPtr pod = pods_.Find({client_.cluster(), ns, name});
  const Controller* controller = pod ? FindController(*pod) : nullptr;
  if (controller == nullptr) {
    return {404, "there is no such pod that may report; use the address in SLIPWAY_REPORT_URL", {}};
  }
  if (const auto wait = heard_.WaitOf(pod->meta.uid); wait.count() > 0) {
    return {429, "a pod reports every 10 seconds at most; leave this one out", wait};
  }
  if (const auto wait = refused_.WaitOf(peer); wait.count() > 0) {
    return {429, "the token that came from this address before was not good; wait", wait};
  }
  const auto known = Confirm(pod->meta.uid, token);
  if (!known) return Explain(known.error());
  if (!*known) {
    refused_.Take(peer);
    return kNoToken;
  }
  heard_.Take(pod->meta.uid);
  auto answer = Record(*controller, *pod, report);
  if (!answer && answer.error().code == Code::kConflict) {
    answer = Record(*controller, *pod, report);
  }
  return answer ? *answer : Explain(answer.error());
}

const Controller* ReportDesk::FindController(const Object& pod) const {
  const auto kind = pod.meta.labels.find(labels::kOwnerKind);
  if (kind == pod.meta.labels.end() || !pod.meta.annotations.contains(labels::kReports)) {
    return nullptr;
  }
  for (const Controller* controller : controllers_) {
    if (controller->take_report && controller->kind.type.kind == kind->second) return controller;
  }
  return nullptr;
}

Result<bool> ReportDesk::Confirm(const std::string& pod_uid, std::string_view token) {
  const auto caller = Authenticate(client_, token, labels::kReports, kDeadline);
  if (!caller) return tl::unexpected(caller.error());
  return *caller && IsOfPod(**caller, pod_uid);
}

Result<ReportAnswer> ReportDesk::Record(const Controller& controller, const Object& pod,
                                        std::string_view report) {
  const auto key = OwnerKey(pod.meta);
  if (!key) return Fail(Code::kNotFound, "");
  const auto object = ReadLive(client_, controller.kind, *key, kDeadline);
  if (!object) return tl::unexpected(object.error());
  if ((*object)->meta.uid != OwnerUid(pod.meta)) return Fail(Code::kNotFound, "");

  const Snapshot world({*object});
  const TakenReport taken = controller.take_report({*key, world, clock_.Now(), {}}, report);
  if (taken.status) {
    const auto written = WriteLiveStatus(client_, **object, *taken.status, kDeadline);
    if (!written) return tl::unexpected(written.error());
  }
  if (taken.refusal.empty()) return ReportAnswer{};
  return ReportAnswer{400, taken.refusal, {}};
}

}  // namespace slipway
