#pragma once

#include <optional>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/common/settings.hpp"
#include "controllers/model_deployment/observe.hpp"
#include "operator/run/plan.hpp"

namespace slipway::model_deployment {

/// The whole status of a pass; `problem` is what keeps the spec from being carried out, if
/// anything. A pure function: a pass that finds nothing new changes nothing.
///
/// `Ready` means that the spec is in effect: the wanted variant, in its newest form and in the
/// needed number, gets the requests. `EndpointReady` means that somebody answers, which stays true
/// through a rollout or a switch. For kstatus, and by it Flux, everything on the way is
/// `Reconciling`, and `Stalled` is what only the user can help.
api::ModelDeploymentStatus MakeStatus(const ObjectKey& key, const api::ModelDeployment& deployment,
                                      const Observed& observed,
                                      const std::optional<Problem>& problem,
                                      const Settings& settings, Instant now);

/// Events for what changed between two statuses: traffic has moved, or the deployment is stalled.
std::vector<EmitEvent> MakeEvents(const std::optional<api::ModelDeploymentStatus>& before,
                                  const api::ModelDeploymentStatus& after);

}  // namespace slipway::model_deployment
