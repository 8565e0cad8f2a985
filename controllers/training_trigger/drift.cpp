#include "controllers/training_trigger/drift.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/common/conditions.hpp"
#include "controllers/common/status.hpp"
#include "controllers/drift_monitor/kind.hpp"

namespace slipway::training_trigger {
namespace {

using api::TriggerCause;

std::string FiledUnder(const ObjectKey& key) { return key.ns + "/" + key.name; }

/// The id of a drift, "churn/2026-09-01T12:00:00Z".
std::string IdOf(const std::string& monitor, Instant since) {
  return monitor + "/" + FormatTime(since);
}

std::string MonitorOf(const Signal& signal) { return signal.id.substr(0, signal.id.find('/')); }

bool IsOfDrift(const StartedJob& job) {
  return job.signal && job.signal->cause == TriggerCause::kDrift;
}

/// Times only grow, unless a clock is set back. A drift that is older than one that has had its job
/// is of a view that is older than the status, and has had its own.
bool HadJob(const api::TrainingTrigger& trigger, const Observed& observed,
            const std::string& monitor, Instant since) {
  const auto* record = trigger.status && trigger.status->drift ? &*trigger.status->drift : nullptr;
  if (record != nullptr && record->monitor == monitor && since <= record->since) return true;
  return std::ranges::any_of(observed.jobs, [&](const StartedJob& job) {
    return IsOfDrift(job) && MonitorOf(*job.signal) == monitor && since <= job.scheduled;
  });
}

/// When a job was started by drift for the last time, whichever monitor it was by.
std::optional<Instant> LastStart(const api::TrainingTrigger& trigger, const Observed& observed) {
  std::optional<Instant> last;
  if (trigger.status && trigger.status->drift) last = trigger.status->drift->time;
  for (const StartedJob& job : observed.jobs) {
    if (IsOfDrift(job)) last = std::max(last, std::optional(job.meta->created));
  }
  return last;
}

Problem DescribeMissing(const api::TrainingTriggerSpec& spec) {
  const bool others = spec.schedule || spec.on_data || spec.on_commit || spec.on_webhook;
  return {
      std::string(reason::kMonitorNotFound),
      fmt::format("spec.onDrift.monitorRef names DriftMonitor {}, which does not exist in this "
                  "namespace; create it, or name one that `kubectl get driftmonitors` shows{}",
                  spec.on_drift->monitor_ref.name, others ? ". What else starts jobs goes on" : ""),
      true};
}

}  // namespace

Lookup LookUpMonitors() {
  const auto filed_under = [](const Object& object) { return FiledUnder(object.key); };
  const auto looked_up = [](const Object& object) -> std::vector<std::string> {
    const auto& trigger = *static_cast<const api::TrainingTrigger*>(object.body.get());
    if (!trigger.spec.on_drift) return {};
    return {object.key.ns + "/" + trigger.spec.on_drift->monitor_ref.name};
  };
  return {drift_monitor::kDriftMonitors, filed_under, looked_up};
}

void FindDrift(const ObjectKey& key, const api::TrainingTrigger& trigger, const Snapshot& world,
               Instant now, Observed& observed) {
  if (!trigger.spec.on_drift) return;
  const std::string& name = trigger.spec.on_drift->monitor_ref.name;
  Signals& signals = observed.signals;
  const auto* monitor =
      world.Find(drift_monitor::kDriftMonitors, ObjectKey{key.cluster, key.ns, name});
  if (monitor == nullptr || monitor->meta.deleted) {
    signals.problem = DescribeMissing(trigger.spec);
    return;
  }
  const auto* drift = monitor->status ? FindCondition(monitor->status->conditions,
                                                      drift_monitor::condition::kDriftDetected)
                                      : nullptr;
  if (drift == nullptr || drift->status != ToConditionStatus(true)) {
    signals.waits.push_back(fmt::format("a drift that DriftMonitor {} finds starts a job", name));
    return;
  }
  const Instant since = drift->last_transition_time;
  const std::string what =
      fmt::format("the drift that DriftMonitor {} has found at {}", name, FormatTime(since));
  // This is also true as soon as the pass that starts the job has ended.
  const std::string settled = what + " has had its job, another one starts the next";
  if (HadJob(trigger, observed, name, since)) {
    signals.waits.push_back(settled);
    return;
  }
  const auto last = LastStart(trigger, observed);
  const auto until =
      last.value_or(since) + std::chrono::seconds(trigger.spec.on_drift->cooldown_seconds);
  if (last && now < until) {
    signals.cooling = true;
    signals.next = until;
    signals.waits.push_back(
        fmt::format("{} waits until {}, since a job was started by drift at {} "
                    "(spec.onDrift.cooldownSeconds)",
                    what, FormatTime(until), FormatTime(*last)));
    return;
  }
  signals.waits.push_back(settled);
  signals.due.push_back({TriggerCause::kDrift, IdOf(name, since), since, what, {}});
}

void RecordDrift(api::TrainingTriggerStatus& status, const ObjectKey& key,
                 const api::TrainingTrigger& trigger, const Observed& observed,
                 const Signal* started, Instant now) {
  for (const StartedJob& job : observed.jobs) {
    if (!IsOfDrift(job) || IsDriftRecorded(trigger, job)) continue;
    status.drift = {MonitorOf(*job.signal), job.scheduled, job.meta->created, job.key->name};
    status.last_trigger = {TriggerCause::kDrift, job.meta->created, job.key->name};
  }
  if (started == nullptr || started->cause != TriggerCause::kDrift) return;
  const std::string name = JobKey(key, trigger, started->cause, started->id).name;
  status.drift = {MonitorOf(*started), started->time, StatusTime(now), name};
}

bool IsDriftRecorded(const api::TrainingTrigger& trigger, const StartedJob& job) {
  if (!trigger.status || !trigger.status->drift) return false;
  const api::DriftRecord& record = *trigger.status->drift;
  // The drifts of two monitors have no order, but their jobs have.
  return record.monitor == MonitorOf(*job.signal) ? job.scheduled <= record.since
                                                  : job.meta->created <= record.time;
}

}  // namespace slipway::training_trigger
