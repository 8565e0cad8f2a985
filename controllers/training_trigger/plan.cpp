#include "controllers/training_trigger/plan.hpp"

#include <algorithm>

#include "controllers/training_trigger/change.hpp"
#include "controllers/training_trigger/desired.hpp"
#include "controllers/training_trigger/drift.hpp"
#include "controllers/training_trigger/request.hpp"

namespace slipway::training_trigger {
namespace {

void DeleteJob(Plan& plan, const StartedJob& job, const char* why) {
  if (job.Ending()) return;
  plan.actions.emplace_back(
      Delete{api::kTrainingJobType, *job.key, job.meta->uid, why, std::nullopt});
}

/// Whether the status tells all that the trigger has to know of a job that has ended.
bool IsRecorded(const api::TrainingTrigger& trigger, const StartedJob& job) {
  if (!trigger.status) return false;
  if (!job.signal) {
    if (job.scheduled > trigger.status->last_schedule_time) return false;
  } else if (job.signal->cause == api::TriggerCause::kDrift) {
    if (!IsDriftRecorded(trigger, job)) return false;
  } else if (!IsChangeRecorded(trigger, job) || !IsRequestRecorded(trigger, job)) {
    return false;
  }
  return !job.Complete() ||
         job.job->status->completion_time <= trigger.status->last_successful_time;
}

void DeleteHistory(Plan& plan, const api::TrainingTrigger& trigger, const Observed& observed) {
  std::int32_t complete = 0;
  std::int32_t failed = 0;
  for (auto job = observed.jobs.rbegin(); job != observed.jobs.rend(); ++job) {
    if (job->Active()) continue;
    const bool kept = job->Complete() ? ++complete <= trigger.spec.successful_jobs_history_limit
                                      : ++failed <= trigger.spec.failed_jobs_history_limit;
    if (!kept && IsRecorded(trigger, *job)) {
      DeleteJob(plan, *job, "it is older than those that its trigger keeps");
    }
  }
}

std::optional<Instant> WakeAt(const api::TrainingTrigger& trigger, const Observed& observed,
                              const Decision& decision) {
  auto wake_at = decision.next;
  const auto also_at = [&](Instant time) { wake_at = std::min(wake_at.value_or(time), time); };
  const auto& deadline = trigger.spec.starting_deadline_seconds;
  if (decision.step == Step::kHold && decision.due && deadline) {
    also_at(*decision.due + std::chrono::seconds(*deadline));
  }
  if (observed.signals.next && decision.step != Step::kSuspend) also_at(*observed.signals.next);
  if (observed.unseen) also_at(trigger.status->last_trigger->time + kUnseenFor);
  return wake_at;
}

}  // namespace

Plan MakePlan(const ObjectKey& key, const api::TrainingTrigger& trigger, const Observed& observed,
              const Decision& decision) {
  Plan plan;
  DeleteHistory(plan, trigger, observed);
  if (decision.step == Step::kClear) {
    for (const StartedJob* job : observed.Active()) {
      DeleteJob(plan, *job, "the next job of its trigger takes its place");
    }
  }
  if (decision.step == Step::kStart) {
    plan.actions.emplace_back(decision.signal ? MakeJob(key, trigger, *decision.signal)
                                              : MakeJob(key, trigger, *decision.due));
  }
  plan.wake_at = WakeAt(trigger, observed, decision);
  return plan;
}

}  // namespace slipway::training_trigger
