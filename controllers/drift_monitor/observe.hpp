#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controllers/common/worker_pod.hpp"
#include "controllers/drift_monitor/kind.hpp"

namespace slipway::drift_monitor {

/// An evaluation pod of the monitor.
struct EvaluationPod : WorkerPod {
  std::int64_t run = 0;
  std::int64_t generation = 0;
};

/// The monitor as it stands.
///
/// Runs are counted in intervals since the monitor was created, so that they keep their times
/// whatever happens to the operator. The first is due at once, and so is one after every change of
/// the spec: who corrects a file name or a threshold wants to see the effect, not wait for a month.
struct Observed {
  /// The run whose time it is.
  std::int64_t run = 0;
  /// The newest run that the status knows; nullopt before the first.
  std::optional<std::int64_t> last_run;
  /// The generation of the spec that run was made for. It is kept as the observedGeneration of the
  /// condition Ready, so `kubectl wait --for=condition=Ready` waits for a verdict by the new spec.
  std::int64_t evaluated_generation = -1;
  /// A run should be under way: its time has come, or the spec is new.
  bool due = false;
  /// The pod of the present spec that is under way or whose result is not in the status yet.
  std::optional<EvaluationPod> current;
  /// Pods that are of no use any more: their result is recorded, or the spec has changed since.
  std::vector<EvaluationPod> done;
};

/// When that run is due.
Instant TimeOf(const api::DriftMonitor& monitor, std::int64_t run);

/// Finds the monitor's own pods: those with its owner reference and the name that the operator
/// gives to the run and generation on their labels.
Observed Observe(const ObjectKey& key, const api::DriftMonitor& monitor, const Snapshot& world,
                 Instant now);

}  // namespace slipway::drift_monitor
