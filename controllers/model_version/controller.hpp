#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Says of each recorded model whether the record can be relied on, and keeps its model card.
Controller MakeModelVersionController(const Settings& settings);

}  // namespace slipway
