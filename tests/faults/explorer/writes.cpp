#include "tests/faults/explorer/writes.hpp"

#include <fmt/core.h>

#include "operator/kube/status_error.hpp"
#include "tests/faults/explorer/server.hpp"

namespace slipway::explorer {
namespace {

using nlohmann::json;

std::string TextOf(const Owner& owner, const Action& action) {
  std::string text = fmt::format("{}|{}|{}|", owner.uid, owner.generation, action.index());
  const auto add = [&](const auto& item) {
    text += fmt::format("{}|{}|", item.type.plural, item.key.name);
    if constexpr (requires { item.body; }) text += item.body.dump();
    if constexpr (requires { item.uid; }) text += item.uid;
    if constexpr (requires { item.as_seen; }) text += item.as_seen ? "|as seen" : "";
  };
  std::visit(add, action);
  return text;
}

Error NoAnswer(Fate fate) {
  if (fate == Fate::kDropped) return {Code::kUnavailable, "connection refused", {}};
  return {Code::kTimeout, "no answer in time", {}};
}

/// Texts with static storage, so that steps stay small.
std::string_view Keep(const std::string& text) {
  static std::map<std::string, std::string> kept;
  return text.empty() ? std::string_view() : kept.emplace(text, text).first->second;
}

}  // namespace

std::size_t Writes::RequestHash::operator()(const Request& request) const {
  std::size_t hash = request.action;
  for (const std::size_t part :
       {std::size_t{request.viewed}, std::size_t{request.seen}, std::size_t{request.live},
        static_cast<std::size_t>(request.fate) * 16 + request.uid * 2U +
            (request.second ? 1 : 0)}) {
    hash = (hash ^ (hash >> 29U)) * 0x9E3779B97F4A7C15U + part;
  }
  return hash;
}

ActionId Writes::Add(const Owner& owner, const Action& action) {
  const auto [place, fresh] =
      by_text_.try_emplace(TextOf(owner, action), static_cast<ActionId>(actions_.size()));
  if (!fresh) return place->second;
  KnownAction known{owner, action, {}, {}, 0, false};
  std::visit([&](const auto& item) { known.type = item.type, known.key = item.key; }, action);
  known.name = blobs_.NameOf(known.type, known.key);
  known.is_delete = std::holds_alternative<Delete>(action);
  actions_.push_back(std::move(known));
  return place->second;
}

FailureId Writes::AddFailure(const WriteFailure& failure) {
  const std::string text = fmt::format("{}|{}|{}|{}|{}|{}", failure.type.plural, failure.key.name,
                                       ToString(failure.error.code), failure.error.message,
                                       failure.foreign, failure.hidden_uid);
  const auto [place, fresh] =
      failure_ids_.try_emplace(text, static_cast<FailureId>(failures_.size()));
  if (fresh) failures_.push_back(failure);
  return place->second;
}

const Step& Writes::Send(const Request& request) {
  const auto known = steps_.find(request);
  if (known != steps_.end()) return known->second;
  Step step = Work(request);
  return steps_.emplace(request, step).first->second;
}

Blob Writes::ExchangeOne(Write& write, const Request& request, Blob there, bool changed, Fate fate,
                         Step& step) {
  auto next = write.Next();
  if (!next) return there;
  const KnownAction& known = actions_[request.action];
  const auto* apply = std::get_if<Apply>(&known.action);
  if (mutant_ == Mutant::kBlindApply && apply != nullptr && request.viewed == 0) {
    const json body = StampBody(known.owner, known.type, known.key, apply->body, true);
    next = request::Apply(known.type, known.key, body.dump(), kFieldManager, /*force=*/true);
  }
  if (fate == Fate::kDropped) {
    write.OnResponse(tl::unexpected(NoAnswer(fate)));
    return there;
  }
  Slot slot{there == 0 ? json() : blobs_.Json(there), changed ? "2" : "1", ""};
  const HttpResponse answer = Serve(*next, "uid-" + std::to_string(request.uid),
                                    actions_[request.action].owner.uid, mutant_, slot);
  step.violation = Keep(slot.violation);
  if (fate == Fate::kLost) {
    write.OnResponse(tl::unexpected(NoAnswer(fate)));
  } else if (answer.status >= 300) {
    write.OnResponse(tl::unexpected(DecodeError(answer.status, answer.body)));
  } else {
    write.OnResponse(answer);
  }
  return slot.object.is_null() ? 0 : blobs_.Intern(std::move(slot.object));
}

Step Writes::Work(const Request& request) {
  const KnownAction& known = actions_[request.action];
  std::vector<ObjectPtr> seen;
  if (request.viewed != 0) {
    auto object = std::make_shared<Object>(*blobs_[request.viewed].object);
    object->meta.resource_version = {"1"};
    seen.push_back(std::move(object));
  }
  Write write(known.owner, known.action, Snapshot(std::move(seen)));
  Step step;
  if (request.second) {
    // The first request is told again what it was told then.
    Step first;
    ExchangeOne(write, request, request.seen, false, Fate::kAnswered, first);
  }
  const Blob before = request.second ? request.seen : request.viewed;
  const bool changed = before != 0 && before != request.live;
  step.live = ExchangeOne(write, request, request.live, changed, request.fate, step);
  step.finished = !write.Next().has_value();
  if (write.Failure()) step.failure = AddFailure(*write.Failure());
  return step;
}

}  // namespace slipway::explorer
