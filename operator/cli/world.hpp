#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::cli {

/// What was read of a cluster about one custom resource: objects as the API server sent them, of
/// which nothing is certain (look.hpp).
struct World {
  Instant now{};
  std::string kind;  ///< "TrainingJob".
  nlohmann::json resource;
  std::vector<nlohmann::json> pods;  ///< Its own, as are the next two.
  std::vector<nlohmann::json> deployments;
  std::vector<nlohmann::json> autoscalers;
  std::vector<nlohmann::json> events;  ///< core/v1, all of the namespace.
  std::vector<nlohmann::json> quotas;  ///< Of the namespace.
  std::vector<nlohmann::json> nodes;   ///< Machines of the cluster.
  std::optional<nlohmann::json> lease;
  std::string lease_name;  ///< "namespace/name", to be named in messages.
  /// What could not be read ("nodes"), and why.
  std::map<std::string, std::string> unread;

  std::string Namespace() const;
  /// "TrainingJob ml/churn".
  std::string Title() const;
  /// "tj/churn -n ml", to be put behind a verb of kubectl.
  std::string Handle() const;
};

/// A pod of the resource, and what the operator sees of it.
struct Pod {
  const nlohmann::json* object = nullptr;
  PodView view;
  std::string name;
  std::string role;  ///< "node 3", "variant green" or "run 7".
  std::optional<Instant> created;
  std::optional<Instant> deleted;  ///< When its grace period is over.
};

/// All pods, by role and name. Points into the world.
std::vector<Pod> PodsOf(const World& world);

/// What a pod says for itself: how its program ended and its last words, or why it does not start.
std::string LastWordsOf(const Pod& pod);

/// The last time at which an Event of core/v1 happened.
std::optional<Instant> EventTime(const nlohmann::json& event);

}  // namespace slipway::cli
