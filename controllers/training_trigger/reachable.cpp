#include "controllers/training_trigger/reachable.hpp"

#include <algorithm>
#include <array>

namespace slipway::training_trigger {
namespace {

using api::TriggerCause;

struct Reachable {
  TriggerCause cause;
  std::string_view condition;
  std::string_view event;
};
constexpr std::array kReachable{
    Reachable{TriggerCause::kCommit, condition::kCommitReachable, "CommitUnreachable"},
    Reachable{TriggerCause::kData, condition::kDataReachable, "DataUnreachable"}};

bool IsFalse(const api::Condition* condition) {
  return condition != nullptr && condition->status == ToConditionStatus(false);
}

bool WasLookedAt(const Watched& watched) { return watched.result && *watched.result; }

/// Another source than before, of which nothing is known yet.
bool IsUnknown(const Watched& watched) { return !watched.record.last_poll_time && !watched.pod; }

}  // namespace

void SetReachable(ConditionWriter& conditions, const Polls& polls) {
  for (const Reachable& one : kReachable) {
    const auto watched = std::ranges::find(
        polls.watched, one.cause, [](const Watched& source) { return source.watch.cause; });
    const bool any = watched != polls.watched.end();
    if (any && watched->problem) {
      conditions.Set(one.condition, false, watched->problem->reason, watched->problem->message);
    } else if (any && WasLookedAt(*watched)) {
      conditions.Set(one.condition, true, reason::kPolled,
                     watched->watch.target + " was looked at");
    } else if (!any || IsUnknown(*watched)) {
      conditions.Remove(one.condition);
    }
  }
}

std::optional<Problem> WhyUnreachable(const std::optional<api::TrainingTriggerStatus>& recorded,
                                      const Watched& watched) {
  if (watched.problem || WasLookedAt(watched) || IsUnknown(watched) || !recorded) {
    return watched.problem;
  }
  const auto* one = std::ranges::find(kReachable, watched.watch.cause, &Reachable::cause);
  const api::Condition* reachable = FindCondition(recorded->conditions, one->condition);
  if (!IsFalse(reachable)) return std::nullopt;
  return Problem{reachable->reason, reachable->message, false};
}

bool IsOfSource(const std::vector<api::Condition>& conditions, const api::Condition& ready) {
  return std::ranges::any_of(kReachable, [&](const Reachable& one) {
    const api::Condition* reachable = FindCondition(conditions, one.condition);
    return IsFalse(reachable) && reachable->reason == ready.reason &&
           reachable->message == ready.message;
  });
}

void AddReachableEvents(std::vector<EmitEvent>& events, const std::vector<api::Condition>& before,
                        const std::vector<api::Condition>& after) {
  for (const Reachable& one : kReachable) {
    const api::Condition* now = FindCondition(after, one.condition);
    if (!IsFalse(now) || IsFalse(FindCondition(before, one.condition))) continue;
    events.push_back({EmitEvent::Type::kWarning, std::string(one.event), "Watch", now->message});
  }
}

}  // namespace slipway::training_trigger
