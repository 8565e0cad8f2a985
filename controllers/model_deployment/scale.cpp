#include "controllers/model_deployment/scale.hpp"

#include <algorithm>

#include "operator/kube/json_view.hpp"

namespace slipway::model_deployment {
namespace {

/// Whether an entry of managedFields says that somebody set spec.replicas by an update. Slipway
/// itself only ever applies.
bool OwnsReplicas(const JsonView& entry) {
  return entry["operation"].String() == "Update" &&
         entry["fieldsV1"]["f:spec"]["f:replicas"].Exists();
}

bool IsScaledByOthers(const Object& deployment) {
  JsonParser parser;
  const auto root = parser.Parse(deployment.json);
  bool found = false;
  if (root) {
    (*root)["metadata"]["managedFields"].ForEach(
        [&](const JsonView& entry) { found = found || OwnsReplicas(entry); });
  }
  return found;
}

Scale ScaleOfAutoscaled(const api::Autoscaling& autoscaling, const VariantState& variant) {
  Scale scale{autoscaling.min_replicas, autoscaling.min_replicas};
  if (variant.deployment == nullptr) return scale;
  scale.applied = variant.view->spec_replicas;
  if (IsScaledByOthers(*variant.deployment)) scale.applied.reset();
  return scale;
}

Scale Fixed(std::int32_t count) { return {count, count}; }

}  // namespace

Scale ScaleOf(const api::ModelDeploymentSpec& spec, const Observed& observed,
              const VariantState& variant) {
  const bool serves = variant.name == observed.serving;
  if (!serves && variant.name != observed.wanted) return Fixed(variant.spec->standby_replicas);
  if (!spec.autoscaling) return Fixed(spec.replicas.value_or(1));
  if (serves) return ScaleOfAutoscaled(*spec.autoscaling, variant);
  const DeploymentView* before = observed.Serving().view;
  const std::int32_t load = before == nullptr ? 0 : before->spec_replicas;
  return Fixed(std::clamp(load, spec.autoscaling->min_replicas, spec.autoscaling->max_replicas));
}

}  // namespace slipway::model_deployment
