#include "controllers/model_deployment/observe.hpp"

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "controllers/model_deployment/desired.hpp"

namespace slipway::model_deployment {
namespace {

std::string LabelText(const Labels& labels, std::string_view name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

template <class T>
const Object* OwnChild(const Resource<T>& resource, const ObjectKey& child, const ObjectKey& key,
                       const api::ModelDeployment& deployment, const Snapshot& world) {
  const Object* object = world.FindObject(resource.type, child);
  const bool ours = object != nullptr && IsChildOf(object->key, object->meta, key, deployment.meta);
  return ours ? object : nullptr;
}

/// Labels can be copied by anybody, into any namespace; only those beside the Deployment count.
std::vector<ServerPod> PodsOf(const std::string& variant, const ObjectKey& child,
                              const api::ModelDeployment& deployment, const Snapshot& world) {
  std::vector<ServerPod> pods;
  for (const auto& pod : world.All(kPods)) {
    const bool beside = pod.key.cluster == child.cluster && pod.key.ns == child.ns;
    const bool ours = beside &&
                      LabelText(pod.meta.labels, labels::kOwnerUid) == deployment.meta.uid &&
                      LabelText(pod.meta.labels, labels::kVariant) == variant;
    if (ours && !pod.meta.deleted) pods.push_back({&pod.key, &pod.meta, &pod.body});
  }
  std::ranges::stable_sort(pods, std::ranges::greater{},
                           [](const ServerPod& pod) { return pod.meta->created; });
  return pods;
}

bool IsInEffect(const VariantState& variant, const api::ModelDeployment& deployment) {
  if (variant.deployment == nullptr) return false;
  const ObjectMeta& meta = variant.deployment->meta;
  return LabelText(meta.annotations, kGeneration) == std::to_string(deployment.meta.generation) &&
         variant.view->observed_generation >= meta.generation;
}

VariantState ObserveVariant(const std::string& name, const api::Variant* spec, const ObjectKey& key,
                            const api::ModelDeployment& deployment, const Snapshot& world) {
  const ObjectKey child = DeploymentKey(key, deployment, name);
  const auto pods = PodsOf(name, child, deployment, world);
  VariantState variant{name, spec, nullptr, nullptr, pods, false};
  variant.deployment = OwnChild(kDeployments, child, key, deployment, world);
  if (variant.deployment != nullptr) variant.view = world.Find(kDeployments, child);
  variant.in_effect = IsInEffect(variant, deployment);
  return variant;
}

bool Has(const std::vector<VariantState>& variants, const std::string& name) {
  return std::ranges::find(variants, name, &VariantState::name) != variants.end();
}

std::vector<VariantState> ObserveVariants(const ObjectKey& key,
                                          const api::ModelDeployment& deployment,
                                          const Snapshot& world) {
  std::vector<VariantState> variants;
  for (const auto& variant : deployment.spec.variants) {
    variants.push_back(ObserveVariant(variant.name, &variant, key, deployment, world));
  }
  for (const auto& item : world.All(kDeployments)) {
    const std::string name = LabelText(item.meta.labels, labels::kVariant);
    if (name.empty() || Has(variants, name)) continue;
    auto removed = ObserveVariant(name, nullptr, key, deployment, world);
    if (removed.deployment != nullptr) variants.push_back(std::move(removed));
  }
  return variants;
}

std::string WantedVariant(const api::ModelDeploymentSpec& spec) {
  const auto wanted = std::ranges::find(spec.variants, 100, &api::Variant::traffic_percent);
  return wanted == spec.variants.end() ? std::string() : wanted->name;
}

}  // namespace

bool VariantState::RolledOut(std::int32_t count) const {
  return in_effect && view->replicas == view->updated_replicas && view->updated_replicas >= count &&
         view->available_replicas >= count;
}

bool VariantState::TimedOut() const {
  if (!in_effect) return false;
  return std::ranges::any_of(view->conditions, [](const ConditionView& item) {
    return item.type == "Progressing" && item.status == "False" &&
           item.reason == reason::kProgressDeadlineExceeded;
  });
}

const VariantState& Observed::Variant(const std::string& name) const {
  static const VariantState kNone;
  const auto found = std::ranges::find(variants, name, &VariantState::name);
  return found == variants.end() ? kNone : *found;
}

Observed Observe(const ObjectKey& key, const api::ModelDeployment& deployment,
                 const Snapshot& world) {
  Observed observed;
  observed.variants = ObserveVariants(key, deployment, world);
  observed.service = OwnChild(kServices, ServiceKey(key), key, deployment, world);
  observed.budget =
      OwnChild(kDisruptionBudgets, BudgetKey(key, deployment), key, deployment, world);
  const ObjectKey autoscaler = AutoscalerKey(key, deployment);
  observed.autoscaler = OwnChild(kAutoscalers, autoscaler, key, deployment, world);
  if (observed.autoscaler != nullptr) {
    observed.autoscaler_view = world.Find(kAutoscalers, autoscaler);
  }
  observed.wanted = WantedVariant(deployment.spec);
  if (observed.service != nullptr) {
    observed.serving = LabelText(observed.service->meta.labels, labels::kVariant);
  }
  if (observed.serving.empty()) observed.serving = observed.wanted;
  return observed;
}

}  // namespace slipway::model_deployment
