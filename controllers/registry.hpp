#pragma once

#include <vector>

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Every kind that this operator reconciles. A new kind is one more line in registry.cpp.
std::vector<Controller> MakeControllers(const Settings& settings);

}  // namespace slipway
