#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"
#include "operator/cli/world.hpp"
#include "operator/kube/client.hpp"

namespace slipway::cli {

/// Which object a user means.
struct Target {
  ResourceType type;
  std::string name;
};

/// "tj/churn", "trainingjob/churn", "trainingjobs.slipway.dev/churn". The error says what there is.
Result<Target> ParseTarget(std::string_view text);

/// Reads all that `why` and `status` look at, and changes nothing. Fails only when the object
/// itself cannot be had; what else cannot be read is named in the world.
Result<World> ReadWorld(Client& client, const Target& target, const std::string& ns,
                        const ObjectKey& lease, Instant now);

}  // namespace slipway::cli
