#include "controllers/isolation/controller.hpp"

#include "controllers/common/labels.hpp"
#include "controllers/common/status.hpp"
#include "controllers/isolation/check.hpp"
#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/marks.hpp"
#include "controllers/isolation/network.hpp"
#include "controllers/isolation/old_connections.hpp"
#include "controllers/isolation/place.hpp"
#include "controllers/isolation/status.hpp"
#include "crds/generated/codec.hpp"
#include "operator/base/clock.hpp"
#include "operator/base/hash.hpp"
#include "operator/kube/network.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace isolation {
namespace {

using nlohmann::json;

/// A mark of the rules that were the last to forbid something: the one that is there, if the rules
/// only add to what is allowed there, else one that no pod bears yet. What is forbidden a second
/// time has been allowed in between, so its mark is another one.
std::string Since(const Object* live, const json& spec, const Rules& rules, Instant now) {
  if (live == nullptr) return Sha256Hex({DigestOf(spec), FormatTime(now)});
  const std::string known = SinceOf(live->meta);
  const auto object = json::parse(live->json, nullptr, /*allow_exceptions=*/false);
  const bool readable = !known.empty() && object.is_object();
  if (readable && OnlyAdds(object.value("spec", json::object()), spec) &&
      !TakesBack(live->meta, rules)) {
    return known;
  }
  return Sha256Hex({DigestOf(spec), known, live->meta.resource_version.text});
}

/// Makes the policy, or puts right what it says. An apply cannot take away what somebody else has
/// added to it, such as a way in where there is to be none.
Action WritePolicy(const ObjectMeta& ns, const Object* live, const json& spec, const Rules& rules,
                   Instant now) {
  const ObjectKey key{kHomeCluster, ns.name, std::string(kPolicyName)};
  const json annotations = {{std::string(kSince), Since(live, spec, rules, now)},
                            {std::string(kLeaves), Leaves(rules)}};
  const json labels = ChildLabels(kApplication, ns, "namespace");
  const json metadata = {{"labels", labels}, {"annotations", annotations}};
  const auto* view =
      live == nullptr ? nullptr : static_cast<const NetworkPolicyView*>(live->body.get());
  if (view == nullptr || view->spec_digest == DigestOf(spec)) {
    return Apply{kNetworkPolicies.type, key, json{{"metadata", metadata}, {"spec", spec}}};
  }
  json whole = {{"ingress", nullptr}, {"egress", nullptr}};
  whole.update(spec);
  // A selector that is empty would leave the labels of another in place.
  whole["podSelector"] = {{"matchLabels", nullptr}, {"matchExpressions", nullptr}};
  return Patch{kNetworkPolicies.type, key,
               json{{"metadata", {{"annotations", annotations}}}, {"spec", whole}},
               "it does not say what the IsolationPolicies say"};
}

const Item<PodView>* FindCheck(const std::vector<Item<PodView>>& pods, const ObjectMeta& ns) {
  for (const auto& pod : pods) {
    if (pod.key == CheckKey(ns)) return &pod;
  }
  return nullptr;
}

void Remove(Plan& plan, const Object* object, const char* why) {
  if (object == nullptr || object->meta.deleted) return;
  plan.actions.emplace_back(Delete{object->type, object->key, object->meta.uid, why, {}});
}

/// First the policy; once it is there, the look whether it works.
Outcome ReconcileNamespace(const ReconcileInput& input, const Settings& settings) {
  const Object* ns = input.world.FindObject(kNamespaces.type, input.key);
  if (ns == nullptr || ns->meta.deleted) return {};
  const std::string& name = ns->meta.name;
  const Object* policy =
      input.world.FindObject(kNetworkPolicies.type, {kHomeCluster, name, std::string(kPolicyName)});
  const bool ours = policy != nullptr && IsChildOf(policy->key, policy->meta, ns->key, ns->meta);
  const auto pods = input.world.All(kPods);
  const Item<PodView>* check = FindCheck(pods, ns->meta);

  const Place place = Look(name, input.world, settings);
  Plan plan;
  // Unknown: what isolates it stays as it is.
  if (place.problem && !place.rules) return {};
  if (!place.rules || !place.rules->closed) {
    constexpr const char* kOver = "no IsolationPolicy closes its namespace any more";
    if (ours) Remove(plan, policy, kOver);
    Remove(plan, input.world.FindObject(kPods.type, CheckKey(ns->meta)), kOver);
    return {std::move(plan), std::nullopt};
  }
  const json spec = NamespacePolicySpec(*place.rules, settings);
  plan.actions.push_back(
      WritePolicy(ns->meta, ours ? policy : nullptr, spec, *place.rules, input.now));
  if (place.problem) return {std::move(plan), std::nullopt};
  if (!place.rules->probed) {
    Remove(plan, input.world.FindObject(kPods.type, CheckKey(ns->meta)),
           "nothing is to be proven any more");
    return {std::move(plan), std::nullopt};
  }
  CheckPlan next = PlanCheck(ns->meta, *place.rules, place.since, check, settings, input.now);
  if (next.action) plan.actions.push_back(std::move(*next.action));
  plan.wake_at = next.wake_at;
  return {std::move(plan), std::nullopt};
}

Outcome ReconcilePolicy(const ReconcileInput& input, const Settings& settings) {
  const auto* policy = input.world.Find(kIsolationPolicies, input.key);
  if (policy == nullptr || policy->meta.deleted) return {};
  if (!HasASay(*policy, input.world, settings)) return {};
  const auto status = MakeStatus(*policy, input.world, settings, input.now);
  Plan plan;
  plan.events = MakeEvents(policy->status, status);
  plan.wake_at = HoldsUntil(*policy, status, input.now);
  return {std::move(plan), StatusIfChanged(policy->status, status)};
}

/// All objects of a kind, or those that are meant.
Lookup LookUpAll(
    AnyResource kind, std::string index,
    std::function<bool(const Object&)> meant = [](const Object&) { return true; }) {
  Lookup lookup{std::move(kind),
                [meant = std::move(meant)](const Object& object) {
                  return meant(object) ? std::string("all") : std::string();
                },
                [](const Object&) { return std::vector<std::string>{"all"}; }};
  lookup.index = std::move(index);
  return lookup;
}

std::vector<Lookup> LookUpEverything() {
  Lookup policies = LookUpAll(kIsolationPolicies, "everywhere");
  policies.by_spec = true;
  Lookup checks = LookUpAll(kPods, "checks", [](const Object& pod) { return IsCheck(pod.meta); });
  checks.ours = true;
  return {LookUpAll(kNamespaces, "all"), std::move(policies), LookUpAll(kNetworkPolicies, "all"),
          std::move(checks), LookUpOldPods()};
}

}  // namespace
}  // namespace isolation

Controller MakeNamespaceController(const Settings& settings) {
  auto lookups = isolation::LookUpPlace([](const Object& ns) { return ns.key.name; });
  // It is its own namespace, and a change of it need not lead to it twice.
  std::erase_if(lookups, [](const Lookup& one) { return one.kind.type == kNamespaces.type; });
  return {"isolation",
          kNamespaces,
          {kNetworkPolicies, kPods},
          [settings](const ReconcileInput& input) {
            return isolation::ReconcileNamespace(input, settings);
          },
          std::move(lookups)};
}

Controller MakeIsolationPolicyController(const Settings& settings) {
  return {"isolation-policy",
          isolation::kIsolationPolicies,
          {},
          [settings](const ReconcileInput& input) {
            return isolation::ReconcilePolicy(input, settings);
          },
          isolation::LookUpEverything()};
}

}  // namespace slipway
