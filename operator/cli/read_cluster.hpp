#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "crds/gen/schema.hpp"
#include "operator/cli/preflight.hpp"
#include "operator/kube/client.hpp"

namespace slipway::cli {

/// What of a cluster is meant.
struct Scope {
  std::string ns;           ///< Empty: all namespaces.
  std::string operator_ns;  ///< Where the operator runs.
};

/// An installation with its workloads, as far as they name images.
struct Installation {
  std::vector<nlohmann::json> objects;        ///< For ListImages.
  std::vector<nlohmann::json> operators;      ///< Their Deployments, which are objects, too.
  std::map<std::string, std::string> unread;  ///< What could not be read, and why.
};

/// Whether the API server answers us at all: without this every list would wait for its deadline.
Result<void> Reach(Client& client);

/// What is missing of an installation that is to be listed whole, a line each.
std::vector<std::string> Gaps(const Installation& installation, const Scope& scope);

/// Reads only.
Installation ReadInstallation(Client& client, const std::vector<crdgen::Crd>& crds,
                              const Scope& scope);

/// What `preflight` looks at beside `installation`, whose images are not listed here. The one
/// request that is no GET asks who is asking, which the API server keeps nowhere.
Facts ReadFacts(Client& client, const Scope& scope, const Installation& installation,
                const Clock& clock);

}  // namespace slipway::cli
