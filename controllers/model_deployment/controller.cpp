#include "controllers/model_deployment/controller.hpp"

#include "controllers/common/conditions.hpp"
#include "controllers/common/failures.hpp"
#include "controllers/common/status.hpp"
#include "controllers/model_deployment/desired.hpp"
#include "controllers/model_deployment/observe.hpp"
#include "controllers/model_deployment/plan.hpp"
#include "controllers/model_deployment/promotion.hpp"
#include "controllers/model_deployment/status.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace model_deployment {
namespace {

Outcome Reconcile(const ReconcileInput& input, const Settings& settings) {
  const api::ModelDeployment* deployment = input.world.Find(kModelDeployments, input.key);
  // Once it is being deleted, garbage collection takes the children with it.
  if (deployment == nullptr || deployment->meta.deleted) return {};

  const Observed observed = Observe(input.key, *deployment, input.world);
  auto problem = WhyImpossible(*deployment, settings);
  Plan plan;
  if (!problem) {
    plan = MakePlan(input.key, *deployment, observed, settings);
    problem = ExplainFailures(input.failures, reason::kInvalidPodTemplate);
  }
  auto status = MakeStatus(input.key, *deployment, observed, problem, settings, input.now);
  SetPromotion(status, input.key, *deployment, observed, input.world,
               IsTrue(status.conditions, slipway::condition::kReady), input.now);
  plan.events = MakeEvents(deployment->status, status);
  return {std::move(plan), StatusIfChanged(deployment->status, status)};
}

}  // namespace
}  // namespace model_deployment

Controller MakeModelDeploymentController(const Settings& settings) {
  return {"model-deployment",
          model_deployment::kModelDeployments,
          {kDeployments, kServices, kDisruptionBudgets, kAutoscalers, kPods},
          [settings](const ReconcileInput& input) {
            return model_deployment::Reconcile(input, settings);
          },
          {model_deployment::LookUpModelVersions()}};
}

}  // namespace slipway
