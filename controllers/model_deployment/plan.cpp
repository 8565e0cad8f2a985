#include "controllers/model_deployment/plan.hpp"

#include "controllers/model_deployment/desired.hpp"
#include "controllers/model_deployment/scale.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::model_deployment {
namespace {

void DeleteChild(Plan& plan, const Object& child, const char* why) {
  if (child.meta.deleted) return;
  plan.actions.emplace_back(Delete{child.type, child.key, child.meta.uid, why, std::nullopt});
}

void PlanVariant(Plan& plan, const ObjectKey& key, const api::ModelDeployment& deployment,
                 const Observed& observed, const VariantState& variant, const Settings& settings) {
  if (variant.spec != nullptr) {
    const Scale scale = ScaleOf(deployment.spec, observed, variant);
    plan.actions.emplace_back(
        MakeDeployment(key, deployment, *variant.spec, scale.applied, settings));
  } else if (variant.name != observed.serving) {
    DeleteChild(plan, *variant.deployment, "its variant is no longer in the spec");
  }
}

}  // namespace

const std::string& NextServing(const api::ModelDeploymentSpec& spec, const Observed& observed) {
  const VariantState& wanted = observed.Wanted();
  const bool complete = wanted.RolledOut(ScaleOf(spec, observed, wanted).needed);
  const VariantState& serving = observed.Serving();
  const bool nothing_to_lose =
      serving.Available() == 0 && (wanted.Available() > 0 || serving.deployment == nullptr);
  return complete || nothing_to_lose ? observed.wanted : observed.serving;
}

Plan MakePlan(const ObjectKey& key, const api::ModelDeployment& deployment,
              const Observed& observed, const Settings& settings) {
  Plan plan;
  for (const auto& variant : observed.variants) {
    PlanVariant(plan, key, deployment, observed, variant, settings);
  }
  plan.actions.emplace_back(MakeService(key, deployment, NextServing(deployment.spec, observed)));
  plan.actions.emplace_back(MakeBudget(key, deployment, observed.serving));
  if (deployment.spec.autoscaling) {
    plan.actions.emplace_back(MakeAutoscaler(key, deployment, observed.serving));
  } else if (observed.autoscaler != nullptr) {
    DeleteChild(plan, *observed.autoscaler, "spec.autoscaling was removed");
  }
  return plan;
}

}  // namespace slipway::model_deployment
