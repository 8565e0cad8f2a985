#pragma once

#include "controllers/common/settings.hpp"
#include "controllers/drift_monitor/observe.hpp"
#include "operator/run/plan.hpp"

namespace slipway::drift_monitor {

/// What to write, and when to look again. A pod whose result this pass records is deleted by the
/// next one, which finds it in the status. At most one evaluation is under way at a time: one that
/// takes longer than the interval is followed by the run whose time it then is.
Plan MakePlan(const ObjectKey& key, const api::DriftMonitor& monitor, const Observed& observed,
              const Settings& settings, Instant now);

}  // namespace slipway::drift_monitor
