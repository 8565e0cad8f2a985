#pragma once

#include <filesystem>
#include <vector>

#include "crds/gen/include.hpp"
#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// The texts of a folder's *.yaml, not those of its sub-folders.
Result<Texts> ReadTexts(const std::filesystem::path& folder);

/// One CRD for each text, in the order of the file names.
Result<std::vector<Crd>> ParseCrds(const Texts& texts);

/// ParseCrds over ReadTexts.
Result<std::vector<Crd>> LoadCrds(const std::filesystem::path& folder);

}  // namespace slipway::crdgen
