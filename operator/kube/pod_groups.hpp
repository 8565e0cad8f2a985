#pragma once

#include <cstdint>
#include <string>

#include "operator/kube/resource.hpp"

/// The kinds by which schedulers are told that pods belong together. Each of them is there only in
/// a cluster that has its scheduler.
namespace slipway {

struct PodGroupView {
  std::int32_t min_member = 0;
  std::string phase;  ///< E.g. Inqueue; empty until its scheduler, or controller, has seen it.
  /// Why it cannot be placed: the message of the condition Unschedulable while that is True.
  std::string unschedulable;
};

Result<PodGroupView> DecodePodGroup(const JsonView& object);

/// https://volcano.sh/en/docs/podgroup/
inline constexpr Resource<PodGroupView> kVolcanoPodGroups{
    {"scheduling.volcano.sh", "v1beta1", "PodGroup", "podgroups"},
    DecodePodGroup,
    /*keep_json=*/true,
    /*cluster_scoped=*/false,
    /*strips_others=*/false,
    /*may_be_absent=*/true};
/// https://scheduler-plugins.sigs.k8s.io/docs/plugins/coscheduling/
inline constexpr Resource<PodGroupView> kCoschedulingPodGroups{
    {"scheduling.x-k8s.io", "v1alpha1", "PodGroup", "podgroups"},
    DecodePodGroup,
    /*keep_json=*/true,
    /*cluster_scoped=*/false,
    /*strips_others=*/false,
    /*may_be_absent=*/true};

}  // namespace slipway
