#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Says of each recorded model whether the record can be relied on and whether it is the champion,
/// keeps its model card, and its copy in MLflow where there is one.
Controller MakeModelVersionController(const Settings& settings);

}  // namespace slipway
