#pragma once

#include "controllers/common/settings.hpp"
#include "controllers/training_trigger/watch.hpp"
#include "operator/run/plan.hpp"

namespace slipway::training_trigger {

/// The pod that looks at the source once: `slipway worker watch-commit` or `watch-data` in the
/// operator's own image. What a Secret holds comes into it as variables, which the kubelet reads;
/// the operator has no right to.
Create MakePoll(const ObjectKey& key, const api::TrainingTrigger& trigger, const Watch& watch,
                const api::WatchStatus& record, const Settings& settings);

}  // namespace slipway::training_trigger
