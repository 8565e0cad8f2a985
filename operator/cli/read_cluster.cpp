#include "operator/cli/read_cluster.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/cli/look.hpp"
#include "operator/cli/reader.hpp"
#include "operator/kube/image_signatures.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

constexpr ResourceType kConfigMaps{"", "v1", "ConfigMap", "configmaps"};
constexpr ResourceType kNamespaces{"", "v1", "Namespace", "namespaces"};
constexpr ResourceType kMachines{"", "v1", "Node", "nodes"};
constexpr ResourceType kServices{"", "v1", "Service", "services"};
constexpr ResourceType kStorageClasses{"storage.k8s.io", "v1", "StorageClass", "storageclasses"};
constexpr ResourceType kDefinitions{"apiextensions.k8s.io", "v1", "CustomResourceDefinition",
                                    "customresourcedefinitions"};
constexpr ResourceType kIsolationPolicies{"slipway.dev", "v1alpha1", "IsolationPolicy",
                                          "isolationpolicies"};
/// As the chart labels the operator's objects.
constexpr const char* kOperator = "app.kubernetes.io/name=slipway";

void Append(std::vector<json>& all, std::vector<json> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

/// Who is asking, and the API server's clock, by which it dates the answer.
void LearnWhoIAm(Client& client, Facts& facts, const Clock& clock) {
  const SteadyInstant asked = clock.Steady();
  const auto answer = AskWhoIAm(client);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock.Steady() - asked);
  facts.now = clock.Now();
  if (!answer) {
    facts.unread["selfsubjectreviews"] = answer.error().message;
    return;
  }
  facts.user = Text(*answer, {"status", "userInfo", "username"});
  facts.server_time = Time(*answer, {"metadata", "creationTimestamp"});
  facts.server_time_within = took;
}

}  // namespace

Result<void> Reach(Client& client) {
  HttpRequest request;
  request.target = "/version";
  request.verb = "get";
  const auto answer = client.Send(std::move(request));
  // Whoever may not ask for the version may still read the rest.
  if (answer || answer.error().code == Code::kForbidden) return {};
  return tl::unexpected(answer.error());
}

std::vector<std::string> Gaps(const Installation& installation, const Scope& scope) {
  std::vector<std::string> gaps;
  for (const auto& [what, why] : installation.unread) {
    gaps.push_back(fmt::format("not looked at: {} ({})", what, why));
  }
  if (installation.operators.empty() && !installation.unread.contains("deployments")) {
    gaps.push_back(fmt::format(
        "no operator is in namespace {} (a Deployment with app.kubernetes.io/name=slipway): its "
        "image is not in the list; --operator-namespace names another, or -f its manifests",
        scope.operator_ns));
  }
  return gaps;
}

Installation ReadInstallation(Client& client, const std::vector<crdgen::Crd>& crds,
                              const Scope& scope) {
  Installation found;
  Reader reader(client, found.unread);
  for (const crdgen::Crd& crd : crds) {
    const ResourceType type{crd.group, crd.version, crd.kind, crd.plural};
    Append(found.objects, reader.AllIfServed(type, crd.scope == "Cluster" ? "" : scope.ns));
  }
  found.operators = reader.All(kDeployments.type, scope.operator_ns, kOperator);
  for (const json& deployment : found.operators) {
    found.objects.push_back(deployment);
    for (const json& volume : List(deployment, {"spec", "template", "spec", "volumes"})) {
      const std::string name = Text(volume, {"configMap", "name"});
      if (name.empty()) continue;
      auto config = reader.One(kConfigMaps, {client.cluster(), scope.operator_ns, name});
      if (config) found.objects.push_back(std::move(*config));
    }
  }
  Append(found.objects, reader.All(kPods.type, scope.operator_ns, kOperator));
  Append(found.objects, reader.All(kPods.type, scope.ns, std::string(labels::kSelector)));
  return found;
}

Facts ReadFacts(Client& client, const Scope& scope, const Installation& installation,
                const Clock& clock) {
  Facts facts;
  facts.unread = installation.unread;
  facts.operator_ns = scope.operator_ns;
  facts.operators = installation.operators;
  LearnWhoIAm(client, facts, clock);
  Reader reader(client, facts.unread);
  if (const auto version = reader.Page("/version")) {
    facts.server_version = Text(*version, {"gitVersion"});
  }
  for (const NeededApi& api : NeededApis()) {
    auto& served = facts.served[std::string(api.version)];
    if (!served.empty()) continue;
    const auto page = reader.Page("/apis/" + std::string(api.version));
    if (!page) continue;
    for (const json& one : List(*page, {"resources"})) served.insert(Text(one, {"name"}));
  }
  facts.definitions = reader.All(kDefinitions, "");
  facts.policies = reader.AllIfServed(kIsolationPolicies, "");
  facts.namespaces = reader.All(kNamespaces, "");
  if (std::ranges::any_of(facts.policies, DemandsSignatures)) {
    facts.signatures = reader.All(kConfigMaps, scope.operator_ns, std::string(kSignaturesSelector));
  }
  facts.storage_classes = reader.All(kStorageClasses, "");
  facts.nodes = reader.All(kMachines, "");
  facts.name_services = reader.All(kServices, "kube-system", "k8s-app=kube-dns");
  if (auto one = reader.One(kServices, {client.cluster(), "openshift-dns", "dns-default"})) {
    facts.name_services.push_back(std::move(*one));
  }
  return facts;
}

}  // namespace slipway::cli
