#pragma once

#include <string>
#include <vector>

#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// CheckAgainst over each document of a file, against the CRD of its kind. Each text is led by the
/// file name; an unreadable file or a kind without CRD is a problem too.
std::vector<std::string> CheckManifest(const std::vector<Crd>& crds, const std::string& path);

}  // namespace slipway::crdgen
