#pragma once

#include <string>
#include <vector>

#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// What a value breaks of its schema: types, required and unknown members, enums, patterns, bounds
/// and duplicate keys; CEL rules are left to the API server. Each text names path, value and rule.
std::vector<std::string> CheckValue(const Schema& schema, const Json& value,
                                    const std::string& path);

/// CheckValue over each document of a file, against the CRD of its kind. Each text is led by the
/// file name; an unreadable file or a kind without CRD is a problem too.
std::vector<std::string> CheckManifest(const std::vector<Crd>& crds, const std::string& path);

}  // namespace slipway::crdgen
