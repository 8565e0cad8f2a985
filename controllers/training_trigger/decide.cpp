#include "controllers/training_trigger/decide.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/common/conditions.hpp"
#include "controllers/common/status.hpp"
#include "controllers/training_trigger/desired.hpp"
#include "controllers/training_trigger/reachable.hpp"
#include "controllers/training_trigger/times.hpp"

namespace slipway::training_trigger {
namespace {

/// A schedule on the clocks of a zone.
struct Timetable {
  Schedule schedule;
  Zone zone;

  std::optional<Instant> Next(Instant after) const { return NextAfter(schedule, zone, after); }
  std::optional<Instant> Latest(Instant after, Instant until) const {
    return LatestBetween(schedule, zone, after, until);
  }
};

constexpr std::chrono::milliseconds kJustBefore{1};

Problem Stalled(std::string_view reason, std::string message) {
  return {std::string(reason), std::move(message), true};
}

tl::expected<Timetable, Problem> MakeTimetable(const api::TrainingTriggerSpec& spec, Instant now) {
  auto schedule = ParseSchedule(spec.schedule.value_or(""));
  if (!schedule) {
    return tl::unexpected(Stalled(reason::kInvalidSchedule, schedule.error().message));
  }
  auto zone = Zone::Find(spec.time_zone);
  if (!zone) return tl::unexpected(Stalled(reason::kUnknownTimeZone, zone.error().message));
  Timetable timetable{*schedule, *zone};
  if (timetable.Next(now)) return timetable;
  return tl::unexpected(Stalled(
      reason::kInvalidSchedule,
      fmt::format("spec.schedule \"{}\" names a day that does not exist, so it would never start a "
                  "job; correct the day of the month or the month",
                  *spec.schedule)));
}

/// A trigger that was never looked at counts from its creation. One that follows another schedule
/// than before, or was suspended, does so from now.
Instant CountsFrom(const api::TrainingTrigger& trigger, const std::string& schedule, Instant now) {
  const auto& status = trigger.status;
  if (!status || status->observed_generation < 0) return trigger.meta.created;
  if (status->observed_schedule != schedule) return StatusTime(now);
  // A later one is of a clock that was set back since; nobody should wait for it.
  return std::min(status->scheduled_from.value_or(trigger.meta.created), StatusTime(now));
}

/// What kept the trigger from starting a job by the pass before this one, or an empty text.
std::string RecordedObstacle(const api::TrainingTrigger& trigger) {
  if (!trigger.status) return "";
  const auto& conditions = trigger.status->conditions;
  const auto* ready = FindCondition(conditions, slipway::condition::kReady);
  if (ready == nullptr) return "";
  // What keeps the others from coming keeps nobody from following the schedule.
  const bool only_signals =
      ready->reason == reason::kMonitorNotFound || ready->reason == reason::kRequestsNotTaken ||
      ready->reason == reason::kInvalidPollPod || IsOfSource(conditions, *ready);
  const bool obstacle = ready->reason == reason::kJobAlreadyActive ||
                        (ready->status != ToConditionStatus(true) && !only_signals);
  return obstacle ? ready->reason : "";
}

/// Adds the times in (after, until] to what is recorded as missed. Those that are recorded without
/// a job in between are one row with them.
void AddMissed(Decision& decision, const Timetable& timetable, Instant after, Instant until,
               std::string reason) {
  if (decision.missed) after = std::max(after, decision.missed->time);
  const auto newest = timetable.Latest(after, until);
  if (!newest) return;
  const int before = decision.missed && decision.missed->time == after ? decision.missed->count : 0;
  const int count = before + CountBetween(timetable.schedule, timetable.zone, after, *newest,
                                          kMostMissed - std::min(before, kMostMissed - 1));
  decision.missed = {*newest, std::move(reason), std::min(count, kMostMissed)};
}

/// What the pass that made the newest job had found missed before it, if it could not record
/// either.
void AddUnrecorded(Decision& decision, const Timetable& timetable,
                   const api::TrainingTrigger& trigger, const Observed& observed,
                   const std::string& obstacle) {
  if (!observed.last) return;
  Instant recorded = decision.from;
  if (trigger.status)
    recorded = std::max(recorded, trigger.status->last_schedule_time.value_or(recorded));
  if (*observed.last <= recorded) return;
  AddMissed(decision, timetable, recorded, *observed.last - kJustBefore,
            obstacle.empty() ? std::string(reason::kSuperseded) : obstacle);
}

Step StepFor(const api::TrainingTrigger& trigger, const Observed& observed) {
  using Policy = api::ConcurrencyPolicy;
  const bool active = !observed.Active().empty();
  const bool may_be_active = active || observed.unseen;
  const Policy policy = trigger.spec.concurrency_policy;
  if (!may_be_active || policy == Policy::kAllow) return Step::kStart;
  // A policy of a newer version is taken for the one that does no harm. What is not in view cannot
  // be deleted; if that is because it was, this is known in a moment.
  if (policy != Policy::kReplace || !active) return Step::kHold;
  const bool recorded = trigger.status && trigger.status->replacing_for;
  return recorded ? Step::kClear : Step::kRecord;
}

/// What becomes of the times of the schedule.
void FollowSchedule(Decision& decision, const api::TrainingTrigger& trigger,
                    const Observed& observed, Instant now) {
  const auto timetable = MakeTimetable(trigger.spec, now);
  if (!timetable) {
    decision.step = Step::kStall;
    decision.problem = timetable.error();
    return;
  }
  decision.schedule = fmt::format("{} {}", *trigger.spec.schedule, trigger.spec.time_zone);
  decision.from = CountsFrom(trigger, decision.schedule, now);
  const Instant earliest = std::max(decision.from, observed.last.value_or(decision.from));
  const std::string obstacle = RecordedObstacle(trigger);
  AddUnrecorded(decision, *timetable, trigger, observed, obstacle);
  decision.next = timetable->Next(std::max(earliest, now));

  Instant oldest = earliest;
  const auto& deadline = trigger.spec.starting_deadline_seconds;
  if (deadline) oldest = std::max(oldest, now - std::chrono::seconds(*deadline));
  decision.due = timetable->Latest(oldest, now);
  if (decision.due) decision.step = StepFor(trigger, observed);

  const auto why = decision.due ? reason::kSuperseded : reason::kDeadlineExceeded;
  const Instant until = decision.due ? *decision.due - kJustBefore : oldest;
  AddMissed(decision, *timetable, earliest, until, obstacle.empty() ? std::string(why) : obstacle);
}

}  // namespace

ObjectKey JobKey(const ObjectKey& key, const api::TrainingTrigger& trigger,
                 const Decision& decision) {
  const auto& signal = decision.signal;
  return signal ? JobKey(key, trigger, signal->cause, signal->id)
                : JobKey(key, trigger, *decision.due);
}

Decision Decide(const api::TrainingTrigger& trigger, const Observed& observed, Instant now) {
  Decision decision;
  if (trigger.status) decision.missed = trigger.status->last_missed;
  if (trigger.spec.suspend) {
    decision.step = Step::kSuspend;
    return decision;
  }
  if (trigger.spec.schedule) {
    FollowSchedule(decision, trigger, observed, now);
  } else {
    decision.missed.reset();
  }
  if (decision.step != Step::kWait) return decision;
  if (observed.signals.due.empty()) return decision;
  decision.signal = observed.signals.due.front();
  decision.step = StepFor(trigger, observed);
  return decision;
}

}  // namespace slipway::training_trigger
