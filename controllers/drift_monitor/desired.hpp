#pragma once

#include <cstdint>
#include <optional>

#include "controllers/common/failures.hpp"
#include "controllers/common/settings.hpp"
#include "controllers/drift_monitor/kind.hpp"
#include "operator/run/plan.hpp"

namespace slipway::drift_monitor {

/// The key of the pod of a run by one generation of the spec.
ObjectKey PodKey(const ObjectKey& key, const api::DriftMonitor& monitor, std::int64_t run,
                 std::int64_t generation);

/// The pod that makes the evaluation `run` by the present spec: `slipway evaluate-drift` in the
/// operator's own image, with both sources mounted for reading only. It ends by itself, at the
/// latest after one interval (but it gets five minutes, and no more than an hour).
Create MakePod(const ObjectKey& key, const api::DriftMonitor& monitor, std::int64_t run,
               const Settings& settings);

/// Why no evaluation can run here whatever the spec says, or nullopt.
std::optional<Problem> WhyImpossible(const Settings& settings);

}  // namespace slipway::drift_monitor
