#include "controllers/drift_monitor/plan.hpp"

#include <algorithm>

#include "controllers/drift_monitor/desired.hpp"

namespace slipway::drift_monitor {
namespace {

void DeleteDone(Plan& plan, const api::DriftMonitor& monitor, const Observed& observed) {
  for (const auto& pod : observed.done) {
    if (pod.Ending()) continue;
    const char* why = monitor.spec.suspend                       ? "its monitor is suspended"
                      : pod.generation < monitor.meta.generation ? "the spec has changed"
                                                                 : "its result is recorded";
    plan.actions.emplace_back(Delete{kPods.type, *pod.key, pod.meta->uid, why, std::nullopt});
  }
}

/// The pod of an earlier try of the same run, on its way out, still holds the name.
bool IsNameTaken(const Observed& observed, const ObjectKey& name) {
  return std::ranges::any_of(observed.done,
                             [&](const EvaluationPod& pod) { return *pod.key == name; });
}

}  // namespace

Plan MakePlan(const ObjectKey& key, const api::DriftMonitor& monitor, const Observed& observed,
              const Settings& settings, Instant now) {
  Plan plan;
  DeleteDone(plan, monitor, observed);
  if (monitor.spec.suspend) return plan;
  plan.wake_at = TimeOf(monitor, observed.run + 1);
  if (observed.current) {
    const Instant late = observed.current->meta->created + kNotStartedAfter;
    const bool waits = observed.current->view->phase == PodView::Phase::kPending && late > now;
    if (waits) plan.wake_at = std::min(*plan.wake_at, late);
    return plan;
  }
  if (!observed.due) return plan;
  Create pod = MakePod(key, monitor, observed.run, settings);
  if (!IsNameTaken(observed, pod.key)) plan.actions.emplace_back(std::move(pod));
  return plan;
}

}  // namespace slipway::drift_monitor
