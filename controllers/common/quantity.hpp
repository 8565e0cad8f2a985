#pragma once

#include <nlohmann/json.hpp>

#include "crds/generated/types.hpp"
#include "operator/base/quantity.hpp"

namespace slipway {

/// A Kubernetes ResourceRequirements object with all quantities in canonical form, where the API
/// server rounds up to thousandths.
nlohmann::json CanonicalResources(const api::Resources& resources);

}  // namespace slipway
