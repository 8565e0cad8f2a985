#include "controllers/training_trigger/status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/common/conditions.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_trigger/change.hpp"
#include "controllers/training_trigger/desired.hpp"
#include "controllers/training_trigger/drift.hpp"
#include "controllers/training_trigger/reachable.hpp"
#include "controllers/training_trigger/request.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::training_trigger {
namespace {

using slipway::condition::kReady;
using slipway::condition::kReconciling;
using slipway::condition::kStalled;
using Phase = api::TrainingTriggerPhase;

/// What the user is told, and which conditions say it.
struct Account {
  std::string_view reason;
  std::string message;
  bool ready = true;
  bool reconciling = false;
  bool stalled = false;
};

std::string NameActive(const Observed& observed) {
  const auto active = observed.Active();
  if (active.empty()) return "the job that was started last";
  if (active.size() == 1) return "job " + active.front()->key->name;
  return fmt::format("job {} and {} more", active.front()->key->name, active.size() - 1);
}

/// Which run a decision is about, for people.
std::string NameRun(const Decision& decision) {
  return decision.signal ? "the run for " + decision.signal->what
                         : "the run of " + FormatTime(*decision.due);
}

/// What is waited for when nothing is in the way.
Account DescribeWaiting(const Observed& observed, const Decision& decision) {
  const Signals& signals = observed.signals;
  if (signals.problem) {
    // What is tried again by itself keeps nobody waiting for this trigger.
    return {signals.problem->reason, signals.problem->message, false, false,
            signals.problem->stalled};
  }
  std::vector<std::string> clauses = signals.waits;
  // This pass was for a time of the schedule.
  if (!decision.signal && !signals.due.empty()) {
    clauses = {signals.due.front().what + " comes next"};
  }
  std::string text;
  if (decision.next) text = "the next job is due at " + FormatTime(*decision.next);
  for (const std::string& clause : clauses) text += (text.empty() ? "" : "; ") + clause;
  const auto usual = decision.next ? reason::kScheduled : reason::kWaiting;
  return {signals.cooling ? reason::kCoolingDown : usual, std::move(text)};
}

Account DescribeStep(const Observed& observed, const Decision& decision, Instant now) {
  switch (decision.step) {
    case Step::kStall:
      return {decision.problem->reason, decision.problem->message, false, false, true};
    case Step::kSuspend:
      return {reason::kSuspended,
              "no job is started; set spec.suspend to false to go on with the next time"};
    case Step::kHold:
      return {reason::kJobAlreadyActive,
              fmt::format("{} waits until {} has ended (spec.concurrencyPolicy)", NameRun(decision),
                          NameActive(observed))};
    case Step::kRecord:
    case Step::kClear:
      return {reason::kReplacing,
              fmt::format("{} is deleted, {} takes its place (spec.concurrencyPolicy)",
                          NameActive(observed), NameRun(decision)),
              true, true};
    case Step::kWait:
    case Step::kStart: break;
  }
  const bool scheduled = decision.next.has_value();
  if (decision.step == Step::kWait && scheduled && observed.last && IsAhead(*observed.last, now)) {
    return {reason::kClockBehind,
            fmt::format("the operator's clock is behind {}, for which a job was started; none is "
                        "started until that has passed. If that time is wrong, delete the trigger "
                        "and create it again",
                        FormatTime(*observed.last)),
            false, true};
  }
  return DescribeWaiting(observed, decision);
}

void SetConditions(ConditionWriter& conditions, const api::TrainingTriggerStatus& status,
                   const Account& account) {
  conditions.Set(kReady, account.ready, account.reason, account.message);
  conditions.SetWhile(account.reconciling, kReconciling, account.reason, account.message);
  conditions.SetWhile(account.stalled, kStalled, account.reason, account.message);
  const auto& missed = status.last_missed;
  const bool newest = missed && missed->time > status.last_schedule_time.value_or(Instant::min());
  conditions.SetWhile(newest, condition::kRunMissed, newest ? missed->reason : "",
                      newest ? "no job was started for " + FormatTime(missed->time) : "");
}

/// A job that exists and is not recorded: of this pass, or of one that ended before it could
/// record.
void RecordNewest(api::TrainingTriggerStatus& status, const ObjectKey& key,
                  const api::TrainingTrigger& trigger, const Observed& observed,
                  const Decision& decision, bool started, Instant now) {
  using enum api::TriggerCause;
  const Signal* signal = started && decision.signal ? &*decision.signal : nullptr;
  if (started && !decision.signal) {
    status.last_schedule_time = *decision.due;
  } else if (observed.last > status.last_schedule_time) {
    const auto newest = std::ranges::find_if(observed.jobs.rbegin(), observed.jobs.rend(),
                                             [](const StartedJob& job) { return !job.signal; });
    status.last_schedule_time = newest->scheduled;
    status.last_trigger = {kSchedule, newest->meta->created, newest->key->name};
  }
  RecordDrift(status, key, trigger, observed, signal, now);
  RecordChanges(status, observed, decision, started, now);
  RecordRequests(status, key, trigger, observed, signal, now);
  if (started) {
    status.last_trigger = {signal != nullptr ? signal->cause : kSchedule, StatusTime(now),
                           JobKey(key, trigger, decision).name};
  }
  status.last_successful_time = observed.last_success;
}

/// The newest ones, should there be more than the status holds beside one that is not in view.
std::vector<std::string> NamesOf(const std::vector<const StartedJob*>& active) {
  std::vector<std::string> names;
  const auto skipped = active.size() - std::min(active.size(), kMostActive - 1);
  for (std::size_t i = skipped; i < active.size(); ++i) names.push_back(active[i]->key->name);
  return names;
}

Phase PhaseOf(const api::TrainingTriggerStatus& status, const Decision& decision,
              const Account& account) {
  if (account.stalled) return Phase::kStalled;
  if (decision.step == Step::kSuspend) return Phase::kSuspended;
  return status.active.empty() ? Phase::kWaiting : Phase::kActive;
}

/// What is refused of a job is the user's template, what is refused of a poll pod is not.
std::optional<Problem> ExplainWrites(const std::vector<WriteFailure>& failures) {
  std::vector<WriteFailure> jobs;
  std::vector<WriteFailure> pods;
  for (const auto& failure : failures) {
    (failure.type == kPods.type ? pods : jobs).push_back(failure);
  }
  const auto problem = ExplainFailures(jobs, reason::kInvalidJobTemplate);
  return problem ? problem : ExplainFailures(pods, reason::kInvalidPollPod);
}

EmitEvent StartedEvent(const api::TrainingTriggerStatus& before,
                       const api::TrainingTriggerStatus& after) {
  std::string why;
  switch (after.last_trigger->cause) {
    case api::TriggerCause::kSchedule:
      why = "due at " + FormatTime(*after.last_schedule_time);
      break;
    case api::TriggerCause::kDrift:
      why = fmt::format("for the drift that DriftMonitor {} has found at {}", after.drift->monitor,
                        FormatTime(after.drift->since));
      break;
    case api::TriggerCause::kCommit:
    case api::TriggerCause::kData: why = "for " + NameStartedChange(after); break;
    case api::TriggerCause::kWebhook: why = "for " + NameStartedRequest(before, after); break;
    case api::TriggerCause::kUnknown: break;
  }
  return {EmitEvent::Type::kNormal, "Started", "StartJob",
          OneLine(fmt::format("started TrainingJob {}, {}", after.last_trigger->job, why))};
}

EmitEvent MissedEvent(const api::MissedRuns& missed) {
  return {
      EmitEvent::Type::kWarning, "MissedRuns", "StartJob",
      fmt::format("{}{} scheduled {} passed without a job, the newest of them {}: {}", missed.count,
                  missed.count == kMostMissed ? " or more" : "",
                  missed.count == 1 ? "time" : "times", FormatTime(missed.time), missed.reason)};
}

}  // namespace

api::TrainingTriggerStatus MakeStatus(const ObjectKey& key, const api::TrainingTrigger& trigger,
                                      const Observed& observed, const Decision& decision,
                                      const std::vector<WriteFailure>& failures, Instant now) {
  api::TrainingTriggerStatus status = trigger.status.value_or(api::TrainingTriggerStatus{});
  status.observed_generation = trigger.meta.generation;
  const bool started =
      decision.step == Step::kStart && std::ranges::none_of(failures, [&](const auto& failure) {
        return failure.key == JobKey(key, trigger, decision);
      });
  RecordNewest(status, key, trigger, observed, decision, started, now);
  status.active = NamesOf(observed.Active());
  if (started || observed.unseen) status.active.push_back(status.last_trigger->job);
  status.observed_schedule.reset();
  status.scheduled_from.reset();
  status.replacing_for.reset();
  if (!decision.schedule.empty()) {
    status.observed_schedule = decision.schedule;
    status.scheduled_from = decision.from;
  }
  if (decision.step == Step::kRecord || decision.step == Step::kClear) {
    status.replacing_for = decision.For();
  }
  status.next_schedule_time = decision.next;
  status.last_missed = decision.missed;

  Account account = DescribeStep(observed, decision, now);
  const auto problem = ExplainWrites(failures);
  if (problem) {
    account = {problem->reason, problem->message, false, !problem->stalled, problem->stalled};
  }
  status.message = OneLine(account.message);
  status.phase = PhaseOf(status, decision, account);
  ConditionWriter conditions(status.conditions, trigger.meta.generation, now);
  SetConditions(conditions, status, account);
  SetReachable(conditions, observed.polls);
  return status;
}

std::vector<EmitEvent> MakeEvents(const std::optional<api::TrainingTriggerStatus>& before,
                                  const api::TrainingTriggerStatus& after) {
  using Type = EmitEvent::Type;
  const api::TrainingTriggerStatus none;
  const api::TrainingTriggerStatus& was = before ? *before : none;
  const auto reason_of = [](const api::TrainingTriggerStatus& status) {
    const auto* ready = FindCondition(status.conditions, kReady);
    return ready == nullptr ? std::string() : ready->reason;
  };
  const std::string now_is = reason_of(after);
  const std::string before_was = reason_of(was);
  const auto became = [&](std::string_view reason) {
    return now_is == reason && before_was != reason;
  };
  const std::string note = after.message.value_or("");
  std::vector<EmitEvent> events;
  if (after.last_missed && after.last_missed != was.last_missed) {
    events.push_back(MissedEvent(*after.last_missed));
  }
  if (after.last_trigger && after.last_trigger != was.last_trigger) {
    events.push_back(StartedEvent(was, after));
  }
  AddReachableEvents(events, was.conditions, after.conditions);
  for (const auto reason :
       {reason::kJobAlreadyActive, reason::kReplacing, reason::kSuspended, reason::kCoolingDown}) {
    if (became(reason)) events.push_back({Type::kNormal, std::string(reason), "StartJob", note});
  }
  if (before_was == reason::kSuspended && now_is != reason::kSuspended) {
    events.push_back({Type::kNormal, "Resumed", "StartJob", note});
  }
  if (became(reason::kClockBehind)) {
    events.push_back({Type::kWarning, now_is, "StartJob", note});
  }
  if (IsTrue(after.conditions, kStalled) && !IsTrue(was.conditions, kStalled)) {
    events.push_back({Type::kWarning, "Stalled", "Reconcile", OneLine(now_is + ": " + note)});
  }
  if (auto barred = BarredEvent(was.conditions, after.conditions)) {
    events.push_back(std::move(*barred));
  }
  return events;
}

}  // namespace slipway::training_trigger
