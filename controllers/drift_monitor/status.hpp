#pragma once

#include <optional>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/drift_monitor/finding.hpp"
#include "controllers/drift_monitor/observe.hpp"
#include "operator/run/plan.hpp"

namespace slipway::drift_monitor {

/// The whole status of a pass; `problem` is what keeps evaluations from running, if anything.
///
/// `Ready` tells whether the newest evaluation worked; drift is a verdict, not a fault. For
/// kstatus, and by it Flux, a monitor is in progress (`Reconciling`) until the present spec has
/// been evaluated once, and while an evaluation cannot start; between evaluations, and while it is
/// suspended, there is nothing to wait for.
///
/// An evaluation without a verdict (it failed, or there were too few rows) says nothing about
/// drift: DriftDetected and the count of breaches stay as they were.
api::DriftMonitorStatus MakeStatus(const api::DriftMonitor& monitor, const Observed& observed,
                                   const std::optional<Finding>& finding,
                                   const std::optional<Problem>& problem, Instant now);

/// Events for what changed between two statuses: the verdict has turned, evaluations fail, or the
/// monitor is stalled. None for an evaluation that finds what the one before it found.
std::vector<EmitEvent> MakeEvents(const std::optional<api::DriftMonitorStatus>& before,
                                  const api::DriftMonitorStatus& after);

}  // namespace slipway::drift_monitor
