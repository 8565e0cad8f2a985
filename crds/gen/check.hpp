#pragma once

#include <string>
#include <vector>

#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// A rule of a schema that a value breaks.
struct Violation {
  std::string path;   ///< E.g. "spec.trainer.env[0].name".
  std::string value;  ///< As JSON, cut; empty when the rule is about what is absent.
  std::string rule;
  std::string way_out;  ///< Empty when the rule says it already.

  /// "path = value: rule; way out".
  std::string Text() const;
};

/// What a value breaks of its schema: types, required and unknown members, enums, patterns, bounds
/// and duplicate keys; CEL rules are left to the API server.
std::vector<Violation> CheckAgainst(const Schema& schema, const Json& value,
                                    const std::string& path);

/// The CRD of that kind and version, or nullptr.
const Crd* FindCrd(const std::vector<Crd>& crds, const Json& manifest);

}  // namespace slipway::crdgen
