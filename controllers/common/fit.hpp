#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "operator/kube/scheduling.hpp"

/// Which pods fit onto which machines. An approximation of the scheduler by what it may not break:
/// requests, nodeSelector, taints and cordons; not affinity between pods, spreading or volumes.
namespace slipway {

/// A machine, and what of it is still free.
struct Machine {
  std::string name;
  Labels labels;
  NodeView node;
  Amounts free;
};

/// Whether the machine takes such pods now, if there is room.
bool Admits(const Machine& machine, const PodNeeds& needs);

/// How many such pods there is room for in `free`.
std::int64_t RoomFor(const Amounts& needs, const Amounts& free);

/// Takes from `free` what the pods request; less than nothing may be left.
void TakeFrom(Amounts& free, const Amounts& requests, std::int64_t pods = 1);

/// How many of `count` such pods find room, on machine after machine; what they need is taken.
std::int64_t Place(const PodNeeds& needs, std::int64_t count, std::vector<Machine>& machines);

/// Why no machine, even an empty one, could take such a pod, or why all of them together could not
/// take `count` at the same time: a sentence each. Cordons and the taints that Kubernetes itself
/// sets count for nothing here, since they pass. None says only that the sizes are no obstacle.
std::vector<std::string> WhyNeverFits(const PodNeeds& needs, std::int64_t count,
                                      const std::vector<Machine>& machines);

/// "8Gi", "500m" or "2": an amount in thousandths as people write it.
std::string WriteAmount(std::int64_t milli);

}  // namespace slipway
