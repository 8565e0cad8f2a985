#pragma once

#include <cstdint>
#include <optional>

#include "crds/generated/types.hpp"

namespace slipway::training_job {

/// How many worker processes a node runs: numProcPerNode as a number, or counted from the limits
/// of resourcesPerNode. "gpu" counts devices, "cpu" rounds cores up, "auto" takes the devices if
/// there are any, else 1. nullopt when there is nothing to count.
std::optional<std::int32_t> ProcessesPerNode(const api::Trainer& trainer);

}  // namespace slipway::training_job
