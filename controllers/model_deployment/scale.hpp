#pragma once

#include <cstdint>
#include <optional>

#include "controllers/model_deployment/observe.hpp"

/// How many pods each variant gets, and who decides.
namespace slipway::model_deployment {

struct Scale {
  /// Pods below which the variant is not complete.
  std::int32_t needed = 0;
  /// spec.replicas of the Deployment as it is to be applied; nullopt leaves it to the autoscaler.
  std::optional<std::int32_t> applied;
};

/// The scale of a variant of the spec:
/// - one that serves, or is about to, gets spec.replicas (1 when absent); with autoscaling the one
///   that serves belongs to the autoscaler, and the one about to serve gets as many as that has,
///   since it takes over the whole load at once;
/// - any other one gets its standbyReplicas.
///
/// A field that server-side apply no longer names is removed when nobody else has set it, and the
/// Deployment would fall to the default of one pod. So under autoscaling the number found is
/// applied until somebody else, as a rule the autoscaler, owns the field, and not named from then
/// on (https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership).
Scale ScaleOf(const api::ModelDeploymentSpec& spec, const Observed& observed,
              const VariantState& variant);

}  // namespace slipway::model_deployment
