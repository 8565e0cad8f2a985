#pragma once

#include <vector>

#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// The CRDs that this program was built with, in the order of their file names.
Result<std::vector<Crd>> EmbeddedCrds();

}  // namespace slipway::crdgen
