#pragma once

#include "controllers/common/settings.hpp"
#include "controllers/model_deployment/observe.hpp"
#include "operator/run/plan.hpp"

namespace slipway::model_deployment {

/// The variant that the Service is to send requests to from this pass on. Traffic moves by one
/// write, and only to a variant that is there in full, or at all when the serving one is not: then
/// nothing is lost by it.
const std::string& NextServing(const api::ModelDeploymentSpec& spec, const Observed& observed);

/// What to write. Budget and autoscaler follow the variant that serves now; a variant that has
/// served keeps its pods until the Service is seen to have left it.
Plan MakePlan(const ObjectKey& key, const api::ModelDeployment& deployment,
              const Observed& observed, const Settings& settings);

}  // namespace slipway::model_deployment
