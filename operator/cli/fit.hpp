#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace slipway::cli {

/// An amount of a resource, as it was written and as a number.
struct Amount {
  std::string text;
  double value = 0;
};
using Amounts = std::map<std::string, Amount>;

/// A list of resources such as status.allocatable of a Node or spec.hard of a ResourceQuota.
Amounts AmountsOf(const nlohmann::json& resources);

/// What a pod asks the scheduler for
/// (https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers).
Amounts RequestsOf(const nlohmann::json& pod_spec);

/// Why no machine, even an empty one, could take such a pod, or why all of them together could not
/// take `count` at the same time: a sentence each. None says only that the sizes are no obstacle.
std::vector<std::string> WhyNeverFits(const nlohmann::json& pod_spec, std::size_t count,
                                      const std::vector<nlohmann::json>& nodes);

/// How the quotas of a namespace stand to `count` such pods: a sentence for each bound that they
/// could never keep.
std::vector<std::string> WhyQuotaNeverFits(const nlohmann::json& pod_spec, std::size_t count,
                                           const std::vector<nlohmann::json>& quotas);

}  // namespace slipway::cli
