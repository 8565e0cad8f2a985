#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "operator/kube/resource.hpp"
#include "operator/run/plan.hpp"

namespace slipway {

/// Everything a reconcile may look at.
struct ReconcileInput {
  const ObjectKey& key;
  const Snapshot& world;  ///< The custom resource and the children that carry its UID.
  Instant now;
  /// Empty while planning. When writes of the plan failed, reconcile is called once more with
  /// them and only the status and events of that second outcome are used.
  const std::vector<WriteFailure>& failures;
};

struct Outcome {
  Plan plan;
  /// The whole new status; std::nullopt when the recorded one is still true.
  std::optional<nlohmann::json> status;
};

/// What a kind registers with the runtime: what it is, what it owns, and one pure function.
struct Controller {
  std::string name;  ///< For logs, metrics and Events, e.g. "training-job".
  AnyResource kind;
  std::vector<AnyResource> owns;
  std::function<Outcome(const ReconcileInput&)> reconcile;
};

}  // namespace slipway
