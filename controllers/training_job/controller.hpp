#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Runs training jobs: one pod per node, started together, restarted together.
Controller MakeTrainingJobController(const Settings& settings);

}  // namespace slipway
