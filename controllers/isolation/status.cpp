#include "controllers/isolation/status.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <utility>

#include "controllers/common/conditions.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/text.hpp"
#include "controllers/isolation/addresses.hpp"
#include "controllers/isolation/check.hpp"
#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/network.hpp"
#include "controllers/isolation/old_connections.hpp"
#include "controllers/isolation/place.hpp"
#include "controllers/isolation/rule_books.hpp"
#include "controllers/isolation/rules.hpp"
#include "controllers/isolation/signatures.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/network.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::isolation {
namespace {

using Result = api::IsolationResult;

constexpr std::size_t kMaxProofs = 100;
constexpr std::size_t kMaxForeign = 10;
constexpr std::size_t kShown = 3;

/// Everything in the world by its namespace, so that many namespaces cost one look each.
struct ByNamespace {
  std::map<std::string_view, Item<PodView>> checks;
  std::map<std::string_view, std::vector<std::string>> foreign;
  OldPods old_pods;

  ByNamespace(const Snapshot& world, const std::map<std::string, const ObjectMeta*>& namespaces)
      : old_pods(world) {
    for (const auto& pod : world.All(kPods)) {
      // The label alone can be written by anybody who may make pods there.
      const auto ns = namespaces.find(pod.key.ns);
      const bool ours = IsCheck(pod.meta) && ns != namespaces.end() &&
                        pod.key == CheckKey(*ns->second) &&
                        OwnerUidOf(pod.meta) == ns->second->uid && !pod.meta.deleted;
      if (ours) checks.emplace(pod.key.ns, pod);
    }
    for (const auto& policy : world.All(kNetworkPolicies)) {
      // So can that of a policy; ours are known by what they say.
      const std::string owner(OwnerUidOf(policy.meta));
      const bool ours =
          policy.key.name == kPolicyName ||
          (!owner.empty() && policy.body.spec_digest == DigestOf(WorkloadPolicySpec(owner)));
      if (!policy.body.allows || ours) continue;
      auto& names = foreign[policy.key.ns];
      if (names.size() < kMaxForeign) names.push_back(policy.key.name);
    }
  }

 private:
  static std::string_view OwnerUidOf(const ObjectMeta& meta) {
    const auto label = meta.labels.find(labels::kOwnerUid);
    return label == meta.labels.end() ? std::string_view() : std::string_view(label->second);
  }
};

const std::vector<api::IsolationProof>& ProofsOf(const api::IsolationPolicy& policy) {
  static const std::vector<api::IsolationProof> kNone;
  return policy.status ? policy.status->proofs : kNone;
}

const api::IsolationProof* RecordedOf(const api::IsolationPolicy& policy, const std::string& ns) {
  const auto& proofs = ProofsOf(policy);
  const auto found = std::ranges::find(proofs, ns, &api::IsolationProof::namespace_);
  return found == proofs.end() ? nullptr : &*found;
}

/// How long a look counts when no later one follows it.
std::chrono::seconds Patience(const api::IsolationPolicy& policy) {
  const auto& verify = policy.spec.network.verify;
  return std::chrono::seconds(2 * (verify.interval_seconds + verify.timeout_seconds));
}

/// What was recorded of a namespace under the rules that hold now, unless a later look is long
/// overdue: then nothing is known any more.
const api::IsolationProof* Recorded(const api::IsolationPolicy& policy, const std::string& ns,
                                    const std::string& since, Instant now) {
  const auto* recorded = RecordedOf(policy, ns);
  const bool known = recorded != nullptr && recorded->time && recorded->policy_digest == since &&
                     now < *recorded->time + Patience(policy);
  return known ? recorded : nullptr;
}

api::IsolationProof Prove(const api::IsolationPolicy& policy, const ObjectMeta& ns,
                          const Snapshot& world, const ByNamespace& seen, const Settings& settings,
                          Instant now) {
  const Place place = Look(ns.name, world, settings);
  const auto check = seen.checks.find(ns.name);
  const bool looked = check != seen.checks.end();
  api::IsolationProof proof = ReadCheck(ns.name, looked ? &check->second.meta : nullptr,
                                        looked ? &check->second.body : nullptr);
  if (place.problem) {
    proof = api::IsolationProof{};
    proof.namespace_ = ns.name;
    proof.result = Result::kPending;
    proof.message = place.problem->message;
  } else if (!place.rules || !place.rules->closed || !place.rules->probed) {
    proof.result = Result::kNotProbed;
    if (!place.since.empty()) proof.policy_digest = place.since;
  } else if (!proof.time || proof.policy_digest != place.since) {
    // Not looked yet under these rules; what was seen of them before the pod went still counts.
    const auto* recorded = Recorded(policy, ns.name, place.since, now);
    proof = recorded != nullptr ? *recorded : ReadCheck(ns.name, nullptr, nullptr);
    proof.policy_digest = place.since;
    proof.stale_digests.clear();
    proof.stale_pods.reset();
  }
  if (!place.rules || place.rules->closed) {
    FollowOldPods(proof, RecordedOf(policy, ns.name), place.since, seen.old_pods, now);
  }
  const auto foreign = seen.foreign.find(ns.name);
  proof.foreign_policies =
      foreign == seen.foreign.end() ? std::vector<std::string>{} : foreign->second;
  return proof;
}

int Severity(const api::IsolationProof& proof) {
  switch (proof.result) {
    case Result::kUnenforced: return 0;
    case Result::kNothingProven: return 1;
    case Result::kPending:
    case Result::kUnknown: return 2;
    case Result::kNotProbed: return 3;
    case Result::kEnforced: return 4;
  }
  return 2;
}

/// The names of the namespaces with that result, as "a, b and 3 more".
std::string Names(const std::vector<api::IsolationProof>& proofs, Result result) {
  std::vector<std::string> names;
  for (const auto& proof : proofs) {
    if (proof.result == result) names.push_back(proof.namespace_);
  }
  return Listed(names, kShown);
}

bool Any(const std::vector<api::IsolationProof>& proofs, Result result) {
  return std::ranges::find(proofs, result, &api::IsolationProof::result) != proofs.end();
}

const std::string& MessageOf(const std::vector<api::IsolationProof>& proofs, Result result) {
  static const std::string kNone;
  const auto found = std::ranges::find(proofs, result, &api::IsolationProof::result);
  return found == proofs.end() || !found->message ? kNone : *found->message;
}

/// What the schema cannot tell of a network, or an empty text.
std::string WhyNoNetwork(const api::IsolationPolicySpec& spec) {
  const auto look = [](const std::vector<api::IsolationPeer>& peers, const char* field) {
    for (std::size_t i = 0; i < peers.size(); ++i) {
      std::vector<std::string> networks = peers[i].except;
      if (peers[i].cidr) networks.push_back(*peers[i].cidr);
      const auto bad = std::ranges::find_if_not(networks, IsNetwork);
      if (bad == networks.end()) continue;
      return fmt::format(
          "spec.network.{}[{}] has {}, which is no network, so the whole entry allows "
          "nothing; correct it, as in 10.20.0.0/16",
          field, i, *bad);
    }
    return std::string();
  };
  std::string why = look(spec.network.egress_to, "egressTo");
  return why.empty() ? look(spec.network.ingress_from, "ingressFrom") : why;
}

struct Verdict {
  bool holds = false;
  std::string_view reason;
  std::string message;
};

/// Whether the network policies are in place.
Verdict JudgeEnforced(const api::IsolationPolicy& policy,
                      const std::vector<api::IsolationProof>& proofs) {
  if (std::string why = WhyNoNetwork(policy.spec); !why.empty()) {
    return {false, reason::kInvalidNetwork, std::move(why)};
  }
  if (!IsReadable(policy)) {
    return {false, reason::kUnreadable,
            "it says something that this version of the operator does not understand, so no pod is "
            "made where it may select; upgrade the operator, or apply the CRDs of its version"};
  }
  if (proofs.empty()) return {true, reason::kNothingSelected, "it selects no namespace"};
  // A namespace whose pod has not looked yet is isolated; only one without a digest is not.
  std::vector<api::IsolationProof> missing;
  for (const auto& proof : proofs) {
    if (proof.result == Result::kPending && !proof.policy_digest) missing.push_back(proof);
  }
  if (!missing.empty()) {
    return {false, reason::kIsolationPending,
            fmt::format("{}: {}", Names(missing, Result::kPending),
                        MessageOf(missing, Result::kPending))};
  }
  const auto foreign = std::ranges::find_if(
      proofs, [](const auto& proof) { return !proof.foreign_policies.empty(); });
  if (foreign != proofs.end()) {
    return {
        false, reason::kForeignPolicies,
        fmt::format("{}: NetworkPolicy {} allows something of its own, and what one policy allows "
                    "none can forbid; delete it, and name what it allows in an IsolationPolicy",
                    foreign->namespace_, fmt::join(foreign->foreign_policies, ", "))};
  }
  return {true, reason::kEnforced,
          fmt::format("what it says is in place in {} namespaces", proofs.size())};
}

Verdict JudgeVerified(const std::vector<api::IsolationProof>& proofs) {
  if (proofs.empty()) return {true, reason::kNothingSelected, "it selects no namespace"};
  constexpr std::array kBad{std::pair{Result::kUnenforced, reason::kUnenforced},
                            std::pair{Result::kNothingProven, reason::kNothingProven},
                            std::pair{Result::kPending, reason::kVerifying}};
  for (const auto& [result, why] : kBad) {
    if (!Any(proofs, result)) continue;
    const std::string& message = MessageOf(proofs, result);
    return {false, why,
            fmt::format(
                "{}: {}", Names(proofs, result),
                message.empty() ? "no pod has looked yet whether packets are filtered" : message)};
  }
  if (!Any(proofs, Result::kEnforced)) {
    return {false, reason::kNotProbed, "no pod is to look whether packets are filtered"};
  }
  return {true, reason::kVerified,
          "pods in its namespaces have seen that what is not allowed is not reachable"};
}

/// Whether all of its keys can be used.
Verdict JudgeKeys(const api::IsolationPolicy& policy) {
  std::string why = WhyNoKey(policy.spec);
  return {why.empty(), reason::kInvalidKey, std::move(why)};
}

}  // namespace

bool HasASay(const api::IsolationPolicy& policy, const Snapshot& world, const Settings& settings) {
  const auto& told = ProofsOf(policy);
  const bool told_before = std::ranges::any_of(
      told, [&](const auto& proof) { return IsServed(proof.namespace_, settings); });
  if (told_before) return true;
  bool selects_any = false;
  for (const auto& ns : world.All(kNamespaces)) {
    if (ns.meta.deleted || !SelectsAnywhere(policy, ns.meta, settings)) continue;
    if (IsServed(ns.meta.name, settings)) return true;
    selects_any = true;
  }
  return !selects_any && told.empty();
}

api::IsolationPolicyStatus MakeStatus(const api::IsolationPolicy& policy, const Snapshot& world,
                                      const Settings& settings, Instant now) {
  auto status = policy.status.value_or(api::IsolationPolicyStatus{});
  status.observed_generation = policy.meta.generation;
  std::map<std::string, const ObjectMeta*> namespaces;
  for (const auto& ns : world.All(kNamespaces)) namespaces.emplace(ns.key.name, &ns.meta);
  const ByNamespace seen(world, namespaces);
  std::vector<api::IsolationProof> proofs;
  for (const auto& ns : world.All(kNamespaces)) {
    if (ns.meta.deleted || !Selects(policy, ns.meta, settings)) continue;
    proofs.push_back(Prove(policy, ns.meta, world, seen, settings, now));
  }
  // What another installation has told of its own is its to take back: this one may not have seen
  // yet what that one has, and two that correct each other would never end.
  for (const auto& recorded : ProofsOf(policy)) {
    if (!IsServed(recorded.namespace_, settings)) proofs.push_back(recorded);
  }
  std::ranges::sort(proofs, {}, &api::IsolationProof::namespace_);
  std::ranges::stable_sort(proofs, {}, Severity);
  const Verdict enforced = JudgeEnforced(policy, proofs);
  const Verdict verified = JudgeVerified(proofs);
  const bool unprobed = verified.reason == reason::kNotProbed;
  const Verdict keys = JudgeKeys(policy);
  const bool ready = enforced.holds && (verified.holds || unprobed) && keys.holds;
  const bool is_open = verified.reason == reason::kUnenforced;  // Worse than anything missing.
  const Verdict& network = enforced.holds || is_open ? verified : enforced;
  const Verdict& telling = keys.holds || is_open ? network : keys;

  ConditionWriter conditions(status.conditions, policy.meta.generation, now);
  conditions.Set(condition::kEnforced, enforced.holds, enforced.reason, enforced.message);
  conditions.Set(condition::kVerified, verified.holds, verified.reason, verified.message);
  conditions.Set(slipway::condition::kReady, ready, telling.reason, telling.message);
  const bool passes =
      telling.reason == reason::kIsolationPending || telling.reason == reason::kVerifying;
  conditions.SetWhile(!ready && passes, slipway::condition::kReconciling, telling.reason,
                      telling.message);
  conditions.SetWhile(!ready && !passes, slipway::condition::kStalled, telling.reason,
                      telling.message);
  status.namespaces = static_cast<std::int32_t>(proofs.size());
  status.message = OneLine(telling.message);
  status.controls = JudgeControls(policy.spec, status.conditions, proofs, namespaces);
  if (proofs.size() > kMaxProofs) proofs.resize(kMaxProofs);
  status.proofs = std::move(proofs);
  return status;
}

std::optional<Instant> HoldsUntil(const api::IsolationPolicy& policy,
                                  const api::IsolationPolicyStatus& status, Instant now) {
  std::optional<Instant> first;
  for (const auto& proof : status.proofs) {
    if (!proof.time) continue;
    const Instant end = *proof.time + Patience(policy);
    if (end > now) first = std::min(first.value_or(end), end);
  }
  return first;
}

std::vector<EmitEvent> MakeEvents(const std::optional<api::IsolationPolicyStatus>& before,
                                  const api::IsolationPolicyStatus& after) {
  static const std::vector<api::Condition> kNone;
  const auto* now = FindCondition(after.conditions, condition::kVerified);
  const auto* earlier = FindCondition(before ? before->conditions : kNone, condition::kVerified);
  if (now == nullptr || (earlier != nullptr && earlier->reason == now->reason)) return {};
  const bool good = now->reason == reason::kVerified;
  const bool bad = now->reason == reason::kUnenforced || now->reason == reason::kNothingProven;
  if (!good && !bad) return {};
  return {{good ? EmitEvent::Type::kNormal : EmitEvent::Type::kWarning, now->reason, "Verify",
           now->message}};
}

}  // namespace slipway::isolation
