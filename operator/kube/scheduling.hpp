#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "operator/kube/json_view.hpp"
#include "operator/kube/meta.hpp"

/// What decides whether a machine takes a pod, as far as the operator looks at it.
namespace slipway {

/// Amounts by resource name, in thousandths. Pods themselves are counted under "pods".
using Amounts = std::map<std::string, std::int64_t, std::less<>>;

struct Taint {
  std::string key;
  std::string value;
  std::string effect;  ///< NoSchedule, PreferNoSchedule or NoExecute.
};

struct Toleration {
  std::string key;  ///< Empty: every key.
  std::string value;
  std::string effect;   ///< Empty: every effect.
  bool exists = false;  ///< Operator Exists: every value.
};

/// What a pod asks the scheduler for.
struct PodNeeds {
  /// As the scheduler counts them
  /// (https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers).
  Amounts requests;
  Labels node_selector;
  std::vector<Toleration> tolerations;
  /// Machines that it must not be placed on, by their names.
  std::vector<std::string> avoids;
  std::int32_t priority = 0;
  /// Names of spec.schedulingGates: while there is one, the scheduler leaves the pod alone.
  std::vector<std::string> gates;
};

/// What a machine of the cluster has for pods.
struct NodeView {
  Amounts allocatable;
  bool unschedulable = false;  ///< Cordoned.
  std::vector<Taint> taints;   ///< But for PreferNoSchedule, which forbids nothing.
};

/// Of a pod spec. What is malformed counts as absent.
PodNeeds DecodePodNeeds(const JsonView& spec);
/// Of a Node. What is malformed counts as absent.
NodeView DecodeNode(const JsonView& object);

}  // namespace slipway
