#include "controllers/training_trigger/change.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/common/status.hpp"
#include "controllers/training_trigger/reachable.hpp"

namespace slipway::training_trigger {
namespace {

using api::TriggerCause;

/// The id of what is due for a source, "branch main of https://.../2026-09-01T12:00:00Z".
std::string IdOf(const api::WatchStatus& record) {
  return record.target + "/" + FormatTime(*record.due_time);
}

std::string Describe(TriggerCause cause, const std::string& revision, const std::string& target) {
  constexpr std::size_t kEnough = 12;
  if (cause == TriggerCause::kData) return "new objects in " + target;
  return fmt::format("commit {} of {}", revision.substr(0, kEnough), target);
}

bool IsDue(const api::WatchStatus& record, const StartedJob& job) {
  return job.signal && job.signal->cause == record.cause && record.due_time &&
         job.signal->id == IdOf(record);
}

/// The job in view of what is due for a source, or nullptr.
const StartedJob* FindJob(const Observed& observed, const api::WatchStatus& record) {
  const auto found = std::ranges::find_if(
      observed.jobs, [&](const StartedJob& job) { return IsDue(record, job); });
  return found == observed.jobs.end() ? nullptr : &*found;
}

/// The latest time for which a job of that cause is in view.
std::optional<Instant> Newest(const Observed& observed, TriggerCause cause) {
  std::optional<Instant> newest;
  for (const StartedJob& job : observed.jobs) {
    const bool same = job.signal && job.signal->cause == cause;
    if (same) newest = std::max(newest, std::optional(job.scheduled));
  }
  return newest;
}

}  // namespace

void FindChanges(const api::TrainingTrigger& trigger, Observed& observed) {
  Signals& signals = observed.signals;
  for (const Watched& watched : observed.polls.watched) {
    const api::WatchStatus& record = watched.record;
    if (!signals.problem) signals.problem = WhyUnreachable(trigger.status, watched);
    signals.waits.push_back(record.cause == TriggerCause::kData
                                ? fmt::format("new objects in {} start a job", record.target)
                                : fmt::format("a new commit on {} starts a job", record.target));
    if (!record.due_time || FindJob(observed, record) != nullptr) continue;
    const std::string revision = record.observed_revision.value_or("");
    signals.due.push_back({record.cause,
                           IdOf(record),
                           *record.due_time,
                           Describe(record.cause, revision, record.target),
                           {},
                           revision});
  }
}

void RecordChanges(api::TrainingTriggerStatus& status, const Observed& observed,
                   const Decision& decision, bool started, Instant now) {
  status.watches.clear();
  const bool replaces = decision.step == Step::kRecord || decision.step == Step::kClear;
  for (const Watched& watched : observed.polls.watched) {
    api::WatchStatus record = watched.record;
    const StartedJob* job = FindJob(observed, record);
    const bool chosen = decision.signal && decision.signal->cause == record.cause;
    if (job != nullptr) {
      RecordStart(record, job->signal->revision);
      status.last_trigger = {record.cause, job->meta->created, job->key->name};
    } else if (chosen && started) {
      RecordStart(record, decision.signal->revision);
    }
    if (watched.result && !*watched.result) RecordFailure(record, watched.watch, now);
    // What it has counted is from where was counted before; a later pass reads it, or looks anew.
    // What others are deleted for has to stay due.
    const bool moved = job != nullptr || (chosen && (started || replaces));
    if (watched.result && *watched.result && !moved) {
      RecordLook(record, watched.watch, **watched.result, Newest(observed, record.cause), now);
    }
    status.watches.push_back(std::move(record));
  }
}

std::string NameStartedChange(const api::TrainingTriggerStatus& status) {
  const auto cause = status.last_trigger->cause;
  const auto record = std::ranges::find(status.watches, cause, &api::WatchStatus::cause);
  if (record == status.watches.end()) return std::string(ToString(cause));
  return Describe(cause, record->started_revision.value_or(""), record->target);
}

bool IsChangeRecorded(const api::TrainingTrigger& trigger, const StartedJob& job) {
  return !trigger.status ||
         std::ranges::none_of(trigger.status->watches,
                              [&](const api::WatchStatus& record) { return IsDue(record, job); });
}

}  // namespace slipway::training_trigger
