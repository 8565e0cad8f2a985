#include "controllers/isolation/rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "controllers/isolation/addresses.hpp"
#include "controllers/isolation/artifacts.hpp"
#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/selector.hpp"

namespace slipway::isolation {
namespace {

using Peers = std::vector<api::IsolationPeer>;

std::optional<api::IsolationPort> Both(const api::IsolationPort& one,
                                       const api::IsolationPort& other) {
  if (one.protocol != other.protocol) return std::nullopt;
  const std::int32_t first = std::max(one.port, other.port);
  const std::int32_t last =
      std::min(one.end_port.value_or(one.port), other.end_port.value_or(other.port));
  if (first > last) return std::nullopt;
  api::IsolationPort both{one.protocol, first, std::nullopt};
  if (last > first) both.end_port = last;
  return both;
}

/// Without any, all are meant; nullopt when none are.
std::optional<std::vector<api::IsolationPort>> Both(const std::vector<api::IsolationPort>& one,
                                                    const std::vector<api::IsolationPort>& other) {
  if (one.empty()) return other;
  if (other.empty()) return one;
  std::vector<api::IsolationPort> both;
  for (const auto& port : one) {
    for (const auto& same : other) {
      if (auto common = Both(port, same)) both.push_back(*common);
    }
  }
  if (both.empty()) return std::nullopt;
  return both;
}

/// Which namespaces the pods of a peer are in. Without a selector it is the isolated one itself.
bool InBoth(const api::IsolationPeer& one, const api::IsolationPeer& other, const Labels& own,
            std::optional<api::LabelSelector>& both) {
  if (one.namespace_selector && other.namespace_selector) {
    both = isolation::Both(*one.namespace_selector, *other.namespace_selector);
    return both.has_value();
  }
  both = std::nullopt;
  const auto& named = one.namespace_selector ? one.namespace_selector : other.namespace_selector;
  return !named || Selects(*named, own);
}

std::optional<api::IsolationPeer> Both(const api::IsolationPeer& one,
                                       const api::IsolationPeer& other, const Labels& own) {
  // Which pods have which addresses is not known, so what only one of them calls by address is not
  // allowed by both.
  if (one.cidr.has_value() != other.cidr.has_value()) return std::nullopt;
  auto ports = Both(one.ports, other.ports);
  if (!ports) return std::nullopt;
  api::IsolationPeer both;
  both.ports = std::move(*ports);
  if (one.cidr) {
    auto block = isolation::Both(Block{*one.cidr, one.except}, Block{*other.cidr, other.except});
    if (!block) return std::nullopt;
    both.cidr = std::move(block->cidr);
    both.except = std::move(block->except);
    return both;
  }
  if (!InBoth(one, other, own, both.namespace_selector)) return std::nullopt;
  both.pod_selector = isolation::Both(one.pod_selector.value_or(api::LabelSelector{}),
                                      other.pod_selector.value_or(api::LabelSelector{}));
  if (!both.pod_selector) return std::nullopt;
  return both;
}

Peers Both(const Peers& one, const Peers& other, const Labels& own) {
  Peers both;
  for (const auto& peer : one) {
    for (const auto& same : other) {
      auto common = Both(peer, same, own);
      if (common && std::ranges::find(both, *common) == both.end())
        both.push_back(std::move(*common));
    }
  }
  return both;
}

void AddImages(const std::string& policy, const api::IsolationImages& images, ImageRules& rules) {
  if (!images.allowed_registries.empty()) rules.allowed.push_back(images.allowed_registries);
  const bool is_signed = !images.signature_keys.empty();
  if (is_signed) rules.signers.push_back({policy, images.signature_keys});
  // A signature is of a digest; what a tag means tomorrow nobody has signed.
  rules.require_digest = rules.require_digest || images.require_digest || is_signed;
  for (const auto& mirror : images.mirrors) {
    const bool known = std::ranges::find(rules.mirrors, mirror.source,
                                         &api::IsolationMirror::source) != rules.mirrors.end();
    if (!known) rules.mirrors.push_back(mirror);
  }
  for (const auto& secret : images.pull_secrets) {
    auto& all = rules.pull_secrets;
    if (std::ranges::find(all, secret) == all.end()) all.push_back(secret);
  }
}

void AddNetwork(const api::IsolationNetwork& network, const Labels& own, Rules& rules) {
  const auto& verify = network.verify;
  rules.ingress_from =
      rules.closed ? Both(rules.ingress_from, network.ingress_from, own) : network.ingress_from;
  rules.egress_to =
      rules.closed ? Both(rules.egress_to, network.egress_to, own) : network.egress_to;
  rules.interval_seconds = rules.closed ? std::min(rules.interval_seconds, verify.interval_seconds)
                                        : verify.interval_seconds;
  rules.timeout_seconds = std::max(rules.timeout_seconds, verify.timeout_seconds);
  rules.within_workload = rules.within_workload && network.allow_within_workload;
  rules.block_metadata = rules.block_metadata || network.block_instance_metadata;
  rules.probed = rules.probed || verify.probe != api::IsolationProbe::kOff;
  rules.closed = true;
}

bool IsOfTenants(const std::string& ns, const Settings& settings) {
  constexpr std::array<std::string_view, 3> kOfTheCluster{"kube-system", "kube-public",
                                                          "kube-node-lease"};
  return ns != settings.operator_namespace && !ns.starts_with("openshift-") &&
         std::ranges::find(kOfTheCluster, ns) == kOfTheCluster.end();
}

}  // namespace

Result<api::IsolationPolicy> DecodePolicy(const JsonView& object) {
  auto policy = api::DecodeIsolationPolicy(object);
  if (policy) return policy;
  auto meta = DecodeMeta(object);
  if (!meta) return tl::unexpected(meta.error());
  api::IsolationPolicy unreadable;
  unreadable.meta = std::move(*meta);
  return unreadable;
}

bool IsServed(const std::string& ns, const Settings& settings) {
  const auto& served = settings.served_namespaces;
  return served.empty() || std::ranges::find(served, ns) != served.end();
}

bool MayBeIsolated(const std::string& ns, const Settings& settings) {
  return IsServed(ns, settings) && IsOfTenants(ns, settings);
}

bool SelectsAnywhere(const api::IsolationPolicy& policy, const ObjectMeta& ns,
                     const Settings& settings) {
  return IsOfTenants(ns.name, settings) && Selects(policy.spec.namespace_selector, ns.labels);
}

bool Selects(const api::IsolationPolicy& policy, const ObjectMeta& ns, const Settings& settings) {
  return IsServed(ns.name, settings) && SelectsAnywhere(policy, ns, settings);
}

std::optional<Rules> RulesFor(const ObjectMeta& ns,
                              const std::vector<Item<api::IsolationPolicy>>& policies,
                              const Settings& settings) {
  std::optional<Rules> rules;
  for (const auto& policy : policies) {
    if (!IsReadable(policy.body) || !Selects(policy.body, ns, settings)) continue;
    if (!rules) rules.emplace();
    rules->policies.push_back(policy.key.name);
    AddImages(policy.key.name, policy.body.spec.images, rules->images);
    AddArtifacts(policy.body.spec.artifacts, rules->artifacts);
    if (!rules->trust) rules->trust = policy.body.spec.trust_bundle;
    if (policy.body.spec.profile != api::IsolationProfile::kOpen) {
      AddNetwork(policy.body.spec.network, ns.labels, *rules);
      const auto& pool = policy.body.spec.pods.node_selector;
      rules->node_selector.insert(pool.begin(), pool.end());
    }
  }
  return rules;
}

}  // namespace slipway::isolation
