#include "controllers/common/pods.hpp"

#include <array>
#include <string_view>

#include "controllers/common/quantity.hpp"
#include "crds/generated/codec.hpp"

namespace slipway {
namespace {

using nlohmann::json;

// The template has the names and shapes of the Kubernetes fields, so its JSON is copied by name.
constexpr std::array kPodFields{"nodeSelector", "tolerations", "imagePullSecrets",
                                "priorityClassName", "terminationGracePeriodSeconds"};
constexpr std::array kContainerFields{"imagePullPolicy", "workingDir"};

template <class Names>
void CopyFields(const json& from, const Names& names, json& to) {
  for (const char* name : names) {
    if (from.contains(name)) to[name] = from[name];
  }
}

json Concatenate(const json& ours, const json& from, const char* name) {
  json all = ours;
  if (from.contains(name)) all.insert(all.end(), from[name].begin(), from[name].end());
  return all;
}

void SetUnlessEmpty(json& object, const char* name, json value) {
  if (!value.empty()) object[name] = std::move(value);
}

json PodSecurityContext(const json& user) {
  json context = user.value("securityContext", json::object());
  context["runAsNonRoot"] = true;
  context["seccompProfile"] = {{"type", "RuntimeDefault"}};
  // Without it the kubelet changes the owner of every file of a volume at every start.
  if (context.contains("fsGroup")) context["fsGroupChangePolicy"] = "OnRootMismatch";
  return context;
}

json ContainerSecurityContext(bool read_only_root) {
  json context = {{"allowPrivilegeEscalation", false}, {"capabilities", {{"drop", {"ALL"}}}}};
  if (read_only_root) context["readOnlyRootFilesystem"] = true;
  return context;
}

json Environment(const PodPlan& plan) {
  json env = json::array();
  for (const auto& variable : plan.operator_env) {
    env.push_back({{"name", variable.name}, {"value", variable.value}});
  }
  for (const auto& variable : plan.user_env) env.push_back(ToJson(variable));
  return env;
}

json Container(const PodPlan& plan, const json& user) {
  json container = plan.container_extra;
  container["name"] = plan.container;
  container["image"] = plan.image;
  // The end of the log of a program that failed becomes its termination message, and that is what
  // the status of the custom resource shows.
  container["terminationMessagePolicy"] = "FallbackToLogsOnError";
  if (!plan.termination_message_path.empty()) {
    container["terminationMessagePath"] = plan.termination_message_path;
  }
  container["securityContext"] = ContainerSecurityContext(plan.read_only_root);
  SetUnlessEmpty(container, "command", plan.command);
  SetUnlessEmpty(container, "args", plan.args);
  SetUnlessEmpty(container, "env", Environment(plan));
  SetUnlessEmpty(container, "ports", plan.ports);
  SetUnlessEmpty(container, "volumeMounts", Concatenate(plan.mounts, user, "volumeMounts"));
  if (plan.resources) SetUnlessEmpty(container, "resources", CanonicalResources(*plan.resources));
  CopyFields(user, kContainerFields, container);
  return container;
}

}  // namespace

json RestrictedPodSpec(const PodPlan& plan, const std::optional<api::PodTemplate>& user) {
  const json from = user ? ToJson(*user) : json::object();
  json spec = {{"restartPolicy", plan.restart_policy},
               {"automountServiceAccountToken", false},
               {"enableServiceLinks", false},
               {"securityContext", PodSecurityContext(from)},
               {"containers", json::array({Container(plan, from)})}};
  CopyFields(from, kPodFields, spec);
  SetUnlessEmpty(spec, "volumes", Concatenate(plan.volumes, from, "volumes"));
  if (!plan.hostname.empty()) spec["hostname"] = plan.hostname;
  if (!plan.subdomain.empty()) spec["subdomain"] = plan.subdomain;
  SetUnlessEmpty(spec, "affinity", plan.affinity);
  if (plan.active_deadline_seconds) spec["activeDeadlineSeconds"] = *plan.active_deadline_seconds;
  return spec;
}

json PodMetadata(const std::optional<api::PodTemplate>& user, const Labels& labels,
                 const Labels& annotations) {
  json metadata = json::object();
  if (user) metadata = ToJson(*user).value("metadata", json::object());
  for (const auto& [name, value] : labels) metadata["labels"][name] = value;
  for (const auto& [name, value] : annotations) metadata["annotations"][name] = value;
  return metadata;
}

}  // namespace slipway
