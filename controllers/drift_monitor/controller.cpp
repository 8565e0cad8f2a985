#include "controllers/drift_monitor/controller.hpp"

#include "controllers/common/failures.hpp"
#include "controllers/common/status.hpp"
#include "controllers/drift_monitor/desired.hpp"
#include "controllers/drift_monitor/finding.hpp"
#include "controllers/drift_monitor/observe.hpp"
#include "controllers/drift_monitor/plan.hpp"
#include "controllers/drift_monitor/status.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace drift_monitor {
namespace {

Outcome Reconcile(const ReconcileInput& input, const Settings& settings) {
  const api::DriftMonitor* monitor = input.world.Find(kDriftMonitors, input.key);
  // Once it is being deleted, garbage collection takes the pods with it.
  if (monitor == nullptr || monitor->meta.deleted) return {};

  const Observed observed = Observe(input.key, *monitor, input.world, input.now);
  const auto finding = ReadFinding(observed, input.now);
  auto problem = WhyImpossible(settings);
  Plan plan;
  if (!problem) {
    plan = MakePlan(input.key, *monitor, observed, settings, input.now);
    problem = ExplainFailures(input.failures, reason::kInvalidEvaluationPod);
  }
  if (!problem) problem = WhyNotEvaluating(observed, input.now);

  const auto status = MakeStatus(*monitor, observed, finding, problem, input.now);
  plan.events = MakeEvents(monitor->status, status);
  return {std::move(plan), StatusIfChanged(monitor->status, status)};
}

}  // namespace
}  // namespace drift_monitor

Controller MakeDriftMonitorController(const Settings& settings) {
  return {"drift-monitor",
          drift_monitor::kDriftMonitors,
          {kPods},
          [settings](const ReconcileInput& input) {
            return drift_monitor::Reconcile(input, settings);
          }};
}

}  // namespace slipway
