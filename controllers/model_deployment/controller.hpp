#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Serves models: one Deployment per variant, one Service that sends all requests to one of them.
Controller MakeModelDeploymentController(const Settings& settings);

}  // namespace slipway
