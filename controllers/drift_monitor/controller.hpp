#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Compares production data with a reference on a schedule: one evaluation pod at a time.
Controller MakeDriftMonitorController(const Settings& settings);

}  // namespace slipway
