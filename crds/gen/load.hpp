#pragma once

#include <filesystem>
#include <vector>

#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// All CRDs of a folder (its *.yaml, not those of sub-folders), in the order of their file names.
Result<std::vector<Crd>> LoadCrds(const std::filesystem::path& folder);

}  // namespace slipway::crdgen
