#pragma once

#include <string>
#include <vector>

#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// A convention that a CRD breaks.
struct Finding {
  std::string rule;     ///< Name of the rule, e.g. "max-length".
  std::string path;     ///< Where in the schema; empty for the CRD as a whole.
  std::string message;  ///< What is wrong and what to write instead.
};

/// Checks a CRD against the API conventions of Kubernetes
/// (github.com/kubernetes/community, contributors/devel/sig-architecture/api-conventions.md) and
/// against what kstatus, kubectl explain and the cost limits of CEL need.
std::vector<Finding> Lint(const Crd& crd);

}  // namespace slipway::crdgen
