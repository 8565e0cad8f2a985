#include "controllers/model_deployment/desired.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/pods.hpp"
#include "controllers/common/quantity.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::model_deployment {
namespace {

using nlohmann::json;

constexpr const char* kModelVolume = "slipway-model";

const ServingRuntime* FindRuntime(const api::Variant& variant, const Settings& settings) {
  if (!variant.runtime) return nullptr;
  const auto found =
      std::ranges::find(settings.runtimes, variant.runtime->name, &ServingRuntime::name);
  return found == settings.runtimes.end() ? nullptr : &*found;
}

Labels ServerLabels(const api::ModelDeployment& deployment, const std::string& variant) {
  Labels labels = ChildLabels(kApplication, deployment.meta, kServerRole);
  labels.emplace(labels::kVariant, variant);
  return labels;
}

/// A Deployment's pods are made by its controller from the template, so the marks that the
/// executor puts on every object it writes have to be in the template already.
json TemplateMetadata(const ObjectKey& key, const api::ModelDeployment& deployment,
                      const api::Variant& variant) {
  Labels labels = ServerLabels(deployment, variant.name);
  labels.merge(OwnerLabels(deployment.meta, api::kModelDeploymentType.kind));
  return PodMetadata(variant.pod_template, labels,
                     {{std::string(labels::kOwner), key.ns + "/" + key.name}});
}

void MountModel(const api::Model& model, PodPlan& plan) {
  plan.volumes.push_back(
      {{"name", kModelVolume},
       {"persistentVolumeClaim", {{"claimName", model.persistent_volume_claim.claim_name}}}});
  // Read-only at the mount, not at the claim: there it would keep the volume from being attached
  // for writing by the job that trains the next model on the same node.
  json mount = {{"name", kModelVolume}, {"mountPath", model.mount_path}, {"readOnly", true}};
  if (model.sub_path) mount["subPath"] = *model.sub_path;
  plan.mounts.push_back(std::move(mount));
  plan.operator_env.push_back({"MODEL_PATH", model.mount_path});
  plan.operator_env.push_back({"SLIPWAY_MODEL_DIR", model.mount_path});
}

json ReadinessProbe(const api::Variant& variant) {
  if (!variant.readiness_path) return {{"tcpSocket", {{"port", kPort}}}};
  return {{"httpGet", {{"path", *variant.readiness_path}, {"port", kPort}}}};
}

PodPlan PlanServer(const api::Variant& variant, const Settings& settings) {
  const ServingRuntime* runtime = FindRuntime(variant, settings);
  const ServingRuntime own{"", variant.image.value_or(""), {}, {}};
  const ServingRuntime& program = runtime == nullptr ? own : *runtime;
  PodPlan plan;
  plan.container = kContainer;
  plan.image = program.image;
  plan.command = variant.command.empty() ? program.command : variant.command;
  plan.args = variant.args.empty() ? program.args : variant.args;
  plan.operator_env.push_back({"PORT", std::to_string(variant.port)});
  plan.user_env = variant.env;
  plan.resources = variant.resources;
  plan.ports.push_back({{"name", kPort}, {"containerPort", variant.port}});
  plan.container_extra["readinessProbe"] = ReadinessProbe(variant);
  if (variant.model) MountModel(*variant.model, plan);
  return plan;
}

/// Leaves out what the API server does not store, an empty text or a readOnly that is false, and
/// writes sizes as it does: what is applied is compared with what is stored. The labels of a
/// nodeSelector are the user's; an empty text is as good a value there as any other.
void MakeAsStored(json& value) {
  if (value.is_array()) std::ranges::for_each(value, MakeAsStored);
  if (!value.is_object()) return;
  for (auto item = value.begin(); item != value.end();) {
    const bool empty_text = item->is_string() && item->get_ref<const std::string&>().empty();
    const bool not_stored = empty_text || (item.key() == "readOnly" && *item == false);
    if (not_stored) {
      item = value.erase(item);
      continue;
    }
    if (item.key() == "sizeLimit") *item = CanonicalQuantity(item->get<std::string>());
    if (item.key() != "nodeSelector") MakeAsStored(*item);
    ++item;
  }
}

std::string RuntimeNames(const Settings& settings) {
  if (settings.runtimes.empty()) return "none are configured";
  std::vector<std::string> names;
  for (const auto& runtime : settings.runtimes) names.push_back(runtime.name);
  std::ranges::sort(names);
  return fmt::format("there are {}", fmt::join(names, ", "));
}

std::optional<Problem> WhyImpossible(const api::Variant& variant, const Settings& settings) {
  if (variant.runtime && FindRuntime(variant, settings) == nullptr) {
    return Problem{std::string(reason::kUnknownRuntime),
                   fmt::format("runtime \"{}\" of variant {} is not configured ({}); correct "
                               "runtime.name, set image instead, or have the platform team add the "
                               "runtime to the operator's configuration",
                               variant.runtime->name, variant.name, RuntimeNames(settings)),
                   true};
  }
  if (variant.image || variant.runtime) return std::nullopt;
  return Problem{
      std::string(reason::kUnsupportedValue),
      fmt::format("variant {} has neither image nor runtime; set one of them", variant.name), true};
}

}  // namespace

ObjectKey DeploymentKey(const ObjectKey& key, const api::ModelDeployment& deployment,
                        const std::string& variant) {
  return ChildKey(key, ChildName(deployment.meta.name, deployment.meta.uid, variant));
}

ObjectKey ServiceKey(const ObjectKey& key) { return ChildKey(key, key.name); }

ObjectKey BudgetKey(const ObjectKey& key, const api::ModelDeployment& deployment) {
  return ChildKey(key, ChildName(deployment.meta.name, deployment.meta.uid, kBudgetRole));
}

ObjectKey AutoscalerKey(const ObjectKey& key, const api::ModelDeployment& deployment) {
  return ChildKey(key, ChildName(deployment.meta.name, deployment.meta.uid, kAutoscalerRole));
}

Labels PodSelector(const api::ModelDeployment& deployment, const std::string& variant) {
  return {{std::string(labels::kOwnerUid), deployment.meta.uid},
          {std::string(labels::kVariant), variant}};
}

Apply MakeDeployment(const ObjectKey& key, const api::ModelDeployment& deployment,
                     const api::Variant& variant, std::optional<std::int32_t> replicas,
                     const Settings& settings) {
  json pod = {{"metadata", TemplateMetadata(key, deployment, variant)},
              {"spec", RestrictedPodSpec(PlanServer(variant, settings), variant.pod_template)}};
  MakeAsStored(pod["spec"]);
  json spec = {
      {"selector", {{"matchLabels", PodSelector(deployment, variant.name)}}},
      {"strategy",
       {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxSurge", 1}, {"maxUnavailable", 0}}}}},
      {"template", std::move(pod)}};
  if (replicas) spec["replicas"] = *replicas;
  return {kDeployments.type, DeploymentKey(key, deployment, variant.name),
          json{{"metadata",
                {{"labels", ServerLabels(deployment, variant.name)},
                 {"annotations", {{kGeneration, std::to_string(deployment.meta.generation)}}}}},
               {"spec", std::move(spec)}}};
}

Apply MakeService(const ObjectKey& key, const api::ModelDeployment& deployment,
                  const std::string& serving) {
  Labels labels = ChildLabels(kApplication, deployment.meta, kEndpointRole);
  labels.emplace(labels::kVariant, serving);
  const json port = {{"name", kPort},
                     {"port", deployment.spec.endpoint.port},
                     {"protocol", "TCP"},
                     {"targetPort", kPort}};
  return {kServices.type, ServiceKey(key),
          json{{"metadata", {{"labels", std::move(labels)}}},
               {"spec",
                {{"type", "ClusterIP"},
                 {"selector", PodSelector(deployment, serving)},
                 {"ports", json::array({port})}}}}};
}

Apply MakeBudget(const ObjectKey& key, const api::ModelDeployment& deployment,
                 const std::string& serving) {
  return {kDisruptionBudgets.type, BudgetKey(key, deployment),
          json{{"metadata", {{"labels", ChildLabels(kApplication, deployment.meta, kBudgetRole)}}},
               {"spec",
                {{"maxUnavailable", 1},
                 // A pod that does not work protects nobody and must not hold up a drain.
                 {"unhealthyPodEvictionPolicy", "AlwaysAllow"},
                 {"selector", {{"matchLabels", PodSelector(deployment, serving)}}}}}}};
}

Apply MakeAutoscaler(const ObjectKey& key, const api::ModelDeployment& deployment,
                     const std::string& serving) {
  const api::Autoscaling& wanted = *deployment.spec.autoscaling;
  const json target = {{"type", "Utilization"},
                       {"averageUtilization", wanted.target_cpu_utilization_percentage}};
  const json metric = {{"type", "Resource"}, {"resource", {{"name", "cpu"}, {"target", target}}}};
  return {
      kAutoscalers.type, AutoscalerKey(key, deployment),
      json{{"metadata", {{"labels", ChildLabels(kApplication, deployment.meta, kAutoscalerRole)}}},
           {"spec",
            {{"scaleTargetRef",
              {{"apiVersion", kDeployments.type.ApiVersion()},
               {"kind", kDeployments.type.kind},
               {"name", DeploymentKey(key, deployment, serving).name}}},
             {"minReplicas", wanted.min_replicas},
             {"maxReplicas", wanted.max_replicas},
             {"metrics", json::array({metric})}}}}};
}

std::optional<Problem> WhyImpossible(const api::ModelDeployment& deployment,
                                     const Settings& settings) {
  for (const auto& variant : deployment.spec.variants) {
    if (auto problem = WhyImpossible(variant, settings)) return problem;
  }
  return std::nullopt;
}

std::string Url(const ObjectKey& key, const api::ModelDeployment& deployment,
                const Settings& settings) {
  const std::int32_t port = deployment.spec.endpoint.port;
  const ObjectKey service = ServiceKey(key);
  std::string url =
      fmt::format("http://{}.{}.svc.{}", service.name, service.ns, settings.cluster_domain);
  if (port != 80) url += fmt::format(":{}", port);
  return url;
}

}  // namespace slipway::model_deployment
