#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Starts TrainingJobs from a template: at the times of a schedule, when data have come in, when a
/// branch has a new commit, for drifts, and for requests.
Controller MakeTrainingTriggerController(const Settings& settings);

}  // namespace slipway
