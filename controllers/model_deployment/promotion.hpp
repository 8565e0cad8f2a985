#pragma once

#include "controllers/common/conditions.hpp"
#include "controllers/model_deployment/observe.hpp"
#include "operator/run/controller.hpp"

/// What makes a ModelVersion champion of its model: a deployment whose wanted variant names it is
/// Ready and has pods that answer. That the version is served is the word of who wrote the spec.
namespace slipway::model_deployment {

/// Where a deployment looks for the versions that its variants name.
Lookup LookUpModelVersions();

/// Brings status.champion and condition Promoted up to date. `in_effect` is condition Ready. A
/// champion stays while another variant is on its way, and when the pods are ill: nobody has taken
/// its place. It goes when its version does, and when a variant that names none is in effect.
void SetPromotion(api::ModelDeploymentStatus& status, const ObjectKey& key,
                  const api::ModelDeployment& deployment, const Observed& observed,
                  const Snapshot& world, bool in_effect, Instant now);

}  // namespace slipway::model_deployment
