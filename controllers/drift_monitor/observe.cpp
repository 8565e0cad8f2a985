#include "controllers/drift_monitor/observe.hpp"

#include <algorithm>

#include "controllers/common/conditions.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/drift_monitor/desired.hpp"

namespace slipway::drift_monitor {
namespace {

std::vector<EvaluationPod> OwnPods(const ObjectKey& key, const api::DriftMonitor& monitor,
                                   const Snapshot& world) {
  std::vector<EvaluationPod> pods;
  for (const auto& pod : world.All(kPods)) {
    const auto run = NumberLabel<std::int64_t>(pod.meta, kRun);
    const auto generation = NumberLabel<std::int64_t>(pod.meta, kGeneration);
    if (!run || !generation || !IsChildOf(pod.key, pod.meta, key, monitor.meta)) continue;
    if (pod.key != PodKey(key, monitor, *run, *generation)) continue;
    pods.push_back({{&pod.key, &pod.meta, &pod.body}, *run, *generation});
  }
  // The newest run first: should there be two, it is the one that counts.
  std::ranges::sort(pods, std::ranges::greater{}, &EvaluationPod::run);
  return pods;
}

std::int64_t RunAt(const api::DriftMonitor& monitor, Instant now) {
  const auto age = std::chrono::floor<std::chrono::seconds>(now - monitor.meta.created);
  return std::max<std::int64_t>(age.count() / monitor.spec.interval_seconds, 0);
}

void ReadRecord(const api::DriftMonitor& monitor, Observed& observed) {
  if (!monitor.status || monitor.status->history.empty()) return;
  observed.last_run = monitor.status->history.front().run;
  const auto* ready = FindCondition(monitor.status->conditions, slipway::condition::kReady);
  if (ready != nullptr) observed.evaluated_generation = ready->observed_generation;
}

bool IsRecorded(const EvaluationPod& pod, const Observed& observed) {
  return observed.last_run && pod.run <= *observed.last_run &&
         pod.generation <= observed.evaluated_generation;
}

}  // namespace

Instant TimeOf(const api::DriftMonitor& monitor, std::int64_t run) {
  return monitor.meta.created + std::chrono::seconds(run * monitor.spec.interval_seconds);
}

Observed Observe(const ObjectKey& key, const api::DriftMonitor& monitor, const Snapshot& world,
                 Instant now) {
  Observed observed;
  observed.run = RunAt(monitor, now);
  ReadRecord(monitor, observed);
  observed.due = !observed.last_run || observed.run > *observed.last_run ||
                 observed.evaluated_generation < monitor.meta.generation;
  for (const auto& pod : OwnPods(key, monitor, world)) {
    const bool useful = !monitor.spec.suspend && pod.generation == monitor.meta.generation &&
                        !IsRecorded(pod, observed) && !observed.current;
    if (useful) {
      observed.current = pod;
    } else {
      observed.done.push_back(pod);
    }
  }
  return observed;
}

}  // namespace slipway::drift_monitor
