#include <fmt/format.h>

#include <algorithm>

#include "controllers/isolation/kind.hpp"
#include "operator/cli/audit_report.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/reader.hpp"
#include "operator/kube/network.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

constexpr ResourceType kConfigMaps{"", "v1", "ConfigMap", "configmaps"};
/// As the chart labels the operator's objects.
constexpr const char* kOperator = "app.kubernetes.io/name=slipway";

void Append(std::vector<json>& all, std::vector<json> more) {
  std::ranges::move(more, std::back_inserter(all));
}

void ReadOperators(Client& client, Reader& reader, AuditFacts& facts) {
  std::vector<json> deployments = reader.All(kDeployments.type, facts.operator_ns, kOperator);
  if (deployments.empty() && !facts.unread.contains("deployments")) {
    facts.unread["operator"] =
        fmt::format("no Deployment with {} is in namespace {}; --operator-namespace names another",
                    kOperator, facts.operator_ns);
  }
  for (const json& deployment : deployments) {
    for (const json& volume : List(deployment, {"spec", "template", "spec", "volumes"})) {
      const std::string name = Text(volume, {"configMap", "name"});
      if (name.empty()) continue;
      auto config = reader.One(kConfigMaps, {client.cluster(), facts.operator_ns, name});
      if (config) {
        (*config)["kind"] = "ConfigMap";
        facts.operators.push_back(std::move(*config));
      }
    }
  }
  Append(facts.operators, std::move(deployments));
  Listed pods = ReadAll(client, kPods.type, facts.operator_ns, kOperator);
  if (pods.problem) facts.unread["pods of the operator"] = pods.problem->message;
  Append(facts.operators, std::move(pods.objects));
}

/// Everything of that kind in a namespace. What could not be had is told by namespace: rights are
/// given by namespace, too.
void ReadNamespace(Client& client, const ResourceType& type, const std::string& ns,
                   AuditFacts& facts) {
  Listed listed = ReadAll(client, type, ns);
  if (listed.problem) {
    facts.unread[fmt::format("{} of namespace {}", type.plural, ns)] = listed.problem->message;
  }
  Append(facts.objects, std::move(listed.objects));
}

}  // namespace

Result<AuditFacts> ReadAuditFacts(Client& client, const std::string& operator_ns,
                                  const std::string& policy, const Clock& clock) {
  AuditFacts facts;
  facts.operator_ns = operator_ns;
  facts.now = clock.Now();
  Listed policies = ReadAll(client, isolation::kIsolationPolicies.type, "");
  if (policies.problem && policies.problem->code == Code::kKindNotServed) {
    return Fail(Code::kKindNotServed,
                "the cluster serves no IsolationPolicies: Slipway's definitions are not installed");
  }
  if (policies.problem) {
    return Fail(policies.problem->code,
                "isolationpolicies cannot be read: " + policies.problem->message);
  }
  facts.policies = std::move(policies.objects);
  const auto found =
      std::ranges::find(facts.policies, policy, [](const json& one) { return Name(one); });
  if (!policy.empty() && found == facts.policies.end()) {
    return Fail(Code::kNotFound,
                fmt::format("there is no IsolationPolicy {}; without --policy the report is about "
                            "all",
                            policy));
  }
  Reader reader(client, facts.unread);
  if (const auto who = AskWhoIAm(client)) {
    facts.user = Text(*who, {"status", "userInfo", "username"});
  } else {
    facts.unread["who asks"] = who.error().message;
  }
  if (const auto server = reader.Page("/version")) {
    facts.server_version = Text(*server, {"gitVersion"});
  }
  facts.namespaces = reader.All(kNamespaces.type, "");
  for (const json& ns : facts.namespaces) {
    if (Name(ns) == "kube-system") facts.cluster_uid = Text(ns, {"metadata", "uid"});
  }
  ReadOperators(client, reader, facts);
  for (const auto& [ns, by] : IsolatedNamespaces(facts, policy)) {
    ReadNamespace(client, kNetworkPolicies.type, ns, facts);
    ReadNamespace(client, kPods.type, ns, facts);
  }
  return facts;
}

}  // namespace slipway::cli
