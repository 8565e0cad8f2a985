#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controllers/common/failures.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {

/// Why a pod does not start, or nullopt when nothing speaks against it: no node takes it, its
/// image cannot be had, or the kubelet refuses its container. The message is the scheduler's or
/// the kubelet's, with the way out where it is one of our own rules that bites.
std::optional<Problem> WhyNotStarting(const PodView& pod);

/// What Kubernetes, or Kueue, sets on a pod that ends for no fault of its own, or nullptr
/// (https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions).
const ConditionView* FindDisruption(const PodView& pod);

/// How a failed pod ended.
struct PodEnd {
  std::string reason;  ///< E.g. OOMKilled, Evicted, Error.
  std::optional<std::int32_t> exit_code;
  std::string message;  ///< What the kubelet or the program itself said; may be empty.
  std::optional<Instant> time;
};
PodEnd DescribeEnd(const PodView& pod);

}  // namespace slipway
