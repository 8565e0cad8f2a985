#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Starts TrainingJobs from a template: at the times of a schedule, for drifts, and for requests.
Controller MakeTrainingTriggerController(const Settings& settings);

}  // namespace slipway
