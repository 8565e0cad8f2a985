#include "controllers/training_trigger/observe.hpp"

#include <algorithm>

#include "controllers/common/conditions.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/status.hpp"
#include "controllers/training_job/kind.hpp"
#include "controllers/training_trigger/desired.hpp"

namespace slipway::training_trigger {
namespace {

bool HasCondition(const api::TrainingJob& job, std::string_view type) {
  return job.status && IsTrue(job.status->conditions, type);
}

std::optional<Instant> ScheduledTime(const ObjectMeta& meta) {
  const auto text = meta.annotations.find(kScheduledAt);
  return text == meta.annotations.end() ? std::nullopt : ParseTime(text->second);
}

std::vector<StartedJob> OwnJobs(const ObjectKey& key, const api::TrainingTrigger& trigger,
                                const Snapshot& world) {
  std::vector<StartedJob> jobs;
  for (const auto& job : world.All(training_job::kTrainingJobs)) {
    auto signal = SignalOf(job.meta);
    const auto time = signal ? signal->time : ScheduledTime(job.meta);
    if (!time || !IsChildOf(job.key, job.meta, key, trigger.meta)) continue;
    const ObjectKey wanted =
        signal ? JobKey(key, trigger, signal->cause, signal->id) : JobKey(key, trigger, *time);
    if (job.key != wanted) continue;
    jobs.push_back({*time, &job.key, &job.meta, &job.body, std::move(signal)});
  }
  std::ranges::sort(jobs, {}, &StartedJob::scheduled);
  return jobs;
}

bool IsUnseen(const api::TrainingTrigger& trigger, const std::vector<StartedJob>& jobs,
              Instant now) {
  if (!trigger.status || !trigger.status->last_trigger) return false;
  const api::TriggerRecord& newest = *trigger.status->last_trigger;
  // One that was seen to end is no longer among the active ones.
  if (std::ranges::find(trigger.status->active, newest.job) == trigger.status->active.end()) {
    return false;
  }
  const bool seen =
      std::ranges::any_of(jobs, [&](const StartedJob& job) { return job.key->name == newest.job; });
  return !seen && now < newest.time + kUnseenFor && !IsAhead(newest.time, now);
}

}  // namespace

bool StartedJob::Complete() const { return HasCondition(*job, training_job::condition::kComplete); }

bool StartedJob::Failed() const { return HasCondition(*job, training_job::condition::kFailed); }

std::vector<const StartedJob*> Observed::Active() const {
  std::vector<const StartedJob*> active;
  for (const StartedJob& job : jobs) {
    if (job.Active()) active.push_back(&job);
  }
  return active;
}

Observed Observe(const ObjectKey& key, const api::TrainingTrigger& trigger, const Snapshot& world,
                 Instant now) {
  Observed observed;
  observed.jobs = OwnJobs(key, trigger, world);
  observed.unseen = IsUnseen(trigger, observed.jobs, now);
  if (trigger.status) {
    observed.last = trigger.status->last_schedule_time;
    observed.last_success = trigger.status->last_successful_time;
  }
  for (const StartedJob& job : observed.jobs) {
    if (!job.signal) observed.last = std::max(observed.last, std::optional(job.scheduled));
    if (!job.Complete()) continue;
    observed.last_success = std::max(observed.last_success, job.job->status->completion_time);
  }
  return observed;
}

}  // namespace slipway::training_trigger
