#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controllers/common/failures.hpp"
#include "controllers/common/settings.hpp"
#include "controllers/model_deployment/kind.hpp"
#include "operator/run/plan.hpp"

/// The children that a deployment should have, as a function of its spec and of which variant
/// serves. All are applied; each body names only what the operator decides.
namespace slipway::model_deployment {

ObjectKey DeploymentKey(const ObjectKey& key, const api::ModelDeployment& deployment,
                        const std::string& variant);
/// Named exactly like the custom resource, so that users reach it at http://<name>.<namespace>.
ObjectKey ServiceKey(const ObjectKey& key);
ObjectKey BudgetKey(const ObjectKey& key, const api::ModelDeployment& deployment);
ObjectKey AutoscalerKey(const ObjectKey& key, const api::ModelDeployment& deployment);

/// The labels by which exactly the pods of one variant are found.
Labels PodSelector(const api::ModelDeployment& deployment, const std::string& variant);

/// The Deployment of a variant. Without `replicas` the number is left to whoever set it. A rolling
/// update never takes a ready pod away before its replacement is ready. Requires WhyImpossible to
/// be nullopt.
Apply MakeDeployment(const ObjectKey& key, const api::ModelDeployment& deployment,
                     const api::Variant& variant, std::optional<std::int32_t> replicas,
                     const Settings& settings);

/// The Service that sends all requests to `serving`. The port is named, not numbered: each pod is
/// reached at its own port, also while a rolling update changes it.
Apply MakeService(const ObjectKey& key, const api::ModelDeployment& deployment,
                  const std::string& serving);

/// At most one pod of the serving variant may be taken away at a time by a drain. (`minAvailable:
/// 1` would keep a node with the only pod from ever being drained.)
Apply MakeBudget(const ObjectKey& key, const api::ModelDeployment& deployment,
                 const std::string& serving);

/// The autoscaler of the serving variant. Requires spec.autoscaling.
Apply MakeAutoscaler(const ObjectKey& key, const api::ModelDeployment& deployment,
                     const std::string& serving);

/// Why a deployment that the API server has accepted can never run, or nullopt. Nothing is written
/// for such a deployment; what runs is left alone.
std::optional<Problem> WhyImpossible(const api::ModelDeployment& deployment,
                                     const Settings& settings);

/// The address inside the cluster.
std::string Url(const ObjectKey& key, const api::ModelDeployment& deployment,
                const Settings& settings);

}  // namespace slipway::model_deployment
