#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// Isolates a namespace by one NetworkPolicy and looks from time to time whether it works. Its
/// resource is the Namespace: what holds there comes from all IsolationPolicies together.
Controller MakeNamespaceController(const Settings& settings);

/// Tells an IsolationPolicy what came of it.
Controller MakeIsolationPolicyController(const Settings& settings);

}  // namespace slipway
