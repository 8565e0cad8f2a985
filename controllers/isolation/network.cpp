#include "controllers/isolation/network.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "controllers/isolation/addresses.hpp"
#include "crds/generated/codec.hpp"
#include "operator/base/host_port.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/network.hpp"

namespace slipway::isolation {
namespace {

using nlohmann::json;

/// Where clouds give out identities: the link-local address that all of them use, that of AWS by
/// IPv6, and the wire server of Azure.
constexpr std::array<std::string_view, 3> kMetadata{"169.254.169.254", "168.63.129.16",
                                                    "fd00:ec2::254"};

json NamespaceCalled(std::string_view name) {
  return {{"matchLabels", {{"kubernetes.io/metadata.name", name}}}};
}

json Port(int port, std::string_view protocol) { return {{"port", port}, {"protocol", protocol}}; }

json ToNames() {
  json ports = json::array();
  for (const int port : {53, 5353}) {
    for (const char* protocol : {"UDP", "TCP"}) ports.push_back(Port(port, protocol));
  }
  const json answering =
      json::array({{{"namespaceSelector", NamespaceCalled("kube-system")},
                    {"podSelector", {{"matchLabels", {{"k8s-app", "kube-dns"}}}}}},
                   {{"namespaceSelector", NamespaceCalled("openshift-dns")},
                    {"podSelector",
                     {{"matchLabels", {{"dns.operator.openshift.io/daemonset-dns", "default"}}}}}},
                   {{"ipBlock", {{"cidr", "169.254.20.10/32"}}}}});
  return {{"ports", std::move(ports)}, {"to", answering}};
}

/// Where pods report to, which is also what a pod must reach to prove anything. Null where the
/// operator takes no reports.
json ToOperator(const Settings& settings) {
  const auto place = ParseHostPort(settings.probe_reachable);
  if (!place) return nullptr;
  json peer = {{"namespaceSelector", NamespaceCalled(settings.operator_namespace)},
               {"podSelector", {{"matchLabels", {{"app.kubernetes.io/name", "slipway"}}}}}};
  if (const auto address = SingleAddress(place->host)) peer = {{"ipBlock", {{"cidr", *address}}}};
  return {{"ports", json::array({Port(place->port, "TCP")})},
          {"to", json::array({std::move(peer)})}};
}

json SelectorSpec(const api::LabelSelector& selector) {
  json spec = json::object();
  if (!selector.match_labels.empty()) spec["matchLabels"] = selector.match_labels;
  for (const auto& requirement : selector.match_expressions) {
    json entry = {{"key", requirement.key}, {"operator", ToString(requirement.operator_)}};
    if (!requirement.values.empty()) entry["values"] = requirement.values;
    spec["matchExpressions"].push_back(std::move(entry));
  }
  return spec;
}

bool IsKnown(const std::optional<api::LabelSelector>& selector) {
  return !selector ||
         std::ranges::find(selector->match_expressions, api::LabelSelectorOperator::kUnknown,
                           &api::LabelSelectorRequirement::operator_) ==
             selector->match_expressions.end();
}

/// What this version does not know is not allowed.
bool IsKnown(const api::IsolationPeer& peer) {
  const bool says_who = peer.cidr || peer.namespace_selector || peer.pod_selector;
  return says_who && IsKnown(peer.namespace_selector) && IsKnown(peer.pod_selector) &&
         std::ranges::find(peer.ports, api::IsolationProtocol::kUnknown,
                           &api::IsolationPort::protocol) == peer.ports.end();
}

/// Null when no address is left, or what stands there is no network: the API server would refuse
/// the whole policy for it.
json BlockSpec(const api::IsolationPeer& peer, bool block_metadata) {
  auto block = Both(Block{*peer.cidr, peer.except}, Block{*peer.cidr, {}});
  if (!block) return nullptr;
  if (block_metadata) {
    for (const auto address : kMetadata) *block = Without(std::move(*block), address);
  }
  json spec = {{"cidr", block->cidr}};
  if (!block->except.empty()) spec["except"] = block->except;
  return {{"ipBlock", std::move(spec)}};
}

json PeerSpec(const api::IsolationPeer& peer, bool block_metadata) {
  if (peer.cidr) return BlockSpec(peer, block_metadata);
  json spec = json::object();
  if (peer.namespace_selector) spec["namespaceSelector"] = SelectorSpec(*peer.namespace_selector);
  if (peer.pod_selector || !peer.namespace_selector) {
    spec["podSelector"] = SelectorSpec(peer.pod_selector.value_or(api::LabelSelector{}));
  }
  return spec;
}

/// `side` is "from" or "to".
json RuleSpec(const api::IsolationPeer& peer, const char* side, json spec) {
  json rule = {{side, json::array({std::move(spec)})}};
  for (const auto& port : peer.ports) {
    json entry = Port(port.port, ToString(port.protocol));
    if (port.end_port) entry["endPort"] = *port.end_port;
    rule["ports"].push_back(std::move(entry));
  }
  return rule;
}

/// A network that is one of those addresses would be allowed in spite of the rule.
bool IsMetadata(const api::IsolationPeer& peer) {
  return peer.cidr && std::ranges::any_of(kMetadata, [&](std::string_view address) {
           return SingleAddress(address) == *peer.cidr;
         });
}

json RulesSpec(const std::vector<api::IsolationPeer>& peers, const char* side, bool metadata) {
  json rules = json::array();
  for (const auto& peer : peers) {
    if (!IsKnown(peer) || (metadata && IsMetadata(peer))) continue;
    json spec = PeerSpec(peer, metadata);
    if (!spec.is_null()) rules.push_back(RuleSpec(peer, side, std::move(spec)));
  }
  return rules;
}

bool HasAll(const json& rules, const json& wanted) {
  return std::ranges::all_of(
      wanted, [&](const json& rule) { return std::ranges::find(rules, rule) != rules.end(); });
}

}  // namespace

json NamespacePolicySpec(const Rules& rules, const Settings& settings) {
  json spec = {{"podSelector", json::object()}, {"policyTypes", {"Ingress", "Egress"}}};
  json in = RulesSpec(rules.ingress_from, "from", false);
  if (!in.empty()) spec["ingress"] = std::move(in);
  json out = json::array({ToNames()});
  if (json reports = ToOperator(settings); !reports.is_null()) out.push_back(std::move(reports));
  for (json& rule : RulesSpec(rules.egress_to, "to", rules.block_metadata)) {
    out.push_back(std::move(rule));
  }
  spec["egress"] = std::move(out);
  return spec;
}

json WorkloadPolicySpec(const std::string& owner_uid) {
  const json own = {{"matchLabels", {{std::string(labels::kOwnerUid), owner_uid}}}};
  const json peers = json::array({{{"podSelector", own}}});
  return {{"podSelector", own},
          {"policyTypes", {"Ingress", "Egress"}},
          {"ingress", json::array({{{"from", peers}}})},
          {"egress", json::array({{{"to", peers}}})}};
}

std::string DigestOf(const json& spec) { return NetworkPolicyDigest(spec.dump()); }

bool OnlyAdds(const json& before, const json& next) {
  const json none = json::array();
  return HasAll(next.value("ingress", none), before.value("ingress", none)) &&
         HasAll(next.value("egress", none), before.value("egress", none)) &&
         before.value("podSelector", json()) == next.value("podSelector", json());
}

}  // namespace slipway::isolation
