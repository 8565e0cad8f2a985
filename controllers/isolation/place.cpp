#include "controllers/isolation/place.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "controllers/common/arguments.hpp"
#include "controllers/isolation/images.hpp"
#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/marks.hpp"
#include "controllers/isolation/network.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/network.hpp"

namespace slipway::isolation {
namespace {

using nlohmann::json;

std::string Names(const Rules& rules) {
  return fmt::format("IsolationPolicy {}", fmt::join(rules.policies, ", "));
}

Problem Pending(const std::string& ns, const std::string& why) {
  return {std::string(reason::kIsolationPending),
          fmt::format("no pod is made in namespace {} before it is isolated: {}", ns, why)};
}

/// The NetworkPolicy that isolates the namespace, if it says what it should.
const ObjectMeta* FindPolicy(const ObjectMeta& ns, const Rules& rules, const Snapshot& world,
                             const Settings& settings) {
  const std::string wanted = DigestOf(NamespacePolicySpec(rules, settings));
  for (const auto& policy : world.All(kNetworkPolicies)) {
    // A namespace that was made anew under the name of a former one has another UID.
    const auto owner = policy.meta.labels.find(labels::kOwnerUid);
    const bool is_it = policy.key.ns == ns.name && policy.key.name == kPolicyName &&
                       owner != policy.meta.labels.end() && owner->second == ns.uid;
    if (is_it && !policy.meta.deleted && policy.body.spec_digest == wanted) return &policy.meta;
  }
  return nullptr;
}

/// Why the NetworkPolicy of that name is not what it should be, as the end of a sentence.
std::string WhyNoPolicy(const std::string& ns, const Rules& rules, const Snapshot& world) {
  const Object* there =
      world.FindObject(kNetworkPolicies.type, {kHomeCluster, ns, std::string(kPolicyName)});
  if (there != nullptr && !there->meta.labels.contains(labels::kOwnerUid)) {
    return fmt::format(
        "NetworkPolicy {} there is not the operator's, or has lost its labels; delete it, and it "
        "is made anew",
        kPolicyName);
  }
  return fmt::format("NetworkPolicy {} is not yet what {} says", kPolicyName, Names(rules));
}

/// What keeps this installation from proving anything, or nullopt.
std::optional<Problem> WhyNotProvable(const Rules& rules, const Settings& settings) {
  const bool able = !settings.probe_refused.empty() && !settings.worker_image.empty();
  if (!rules.probed || able) return std::nullopt;
  return Problem{
      std::string(reason::kIsolationUnprovable),
      fmt::format("{} wants each pod to prove that its packets are filtered, for which this "
                  "installation has no {}; set {}, or network.verify.probe of the policy to Off",
                  Names(rules),
                  settings.worker_image.empty() ? "image of the operator" : "canary port",
                  settings.worker_image.empty() ? "config.workerImage" : "reports.enabled"),
      true};
}

/// What programs and libraries read to find the authorities that they trust: OpenSSL and Go,
/// Python's requests, curl, the SDKs of AWS, Node.
constexpr std::array kTrustVariables{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                                     "AWS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"};

void SetUnlessSet(json& container, const char* name, const std::string& value) {
  auto& env = container["env"];
  const bool set = std::ranges::any_of(
      env, [name](const json& variable) { return variable.value("name", "") == name; });
  if (!set) env.push_back({{"name", name}, {"value", value}});
}

void AddTrust(json& spec, const api::IsolationTrustBundle& trust) {
  constexpr const char* kVolume = "slipway-trust-bundle";
  constexpr const char* kFolder = "/etc/slipway/trust";
  spec["volumes"].push_back({{"name", kVolume}, {"configMap", {{"name", trust.config_map_name}}}});
  for (const char* list : {"initContainers", "containers"}) {
    if (!spec.contains(list)) continue;
    for (auto& container : spec[list]) {
      if (container.value("name", "") == kProbeContainer) continue;  // It trusts nobody.
      container["volumeMounts"].push_back(
          {{"name", kVolume}, {"mountPath", kFolder}, {"readOnly", true}});
      for (const char* name : kTrustVariables) {
        SetUnlessSet(container, name, fmt::format("{}/{}", kFolder, trust.key));
      }
    }
  }
}

}  // namespace

std::vector<Lookup> LookUpPlace(std::string (*namespace_of)(const Object& resource)) {
  const auto there = [namespace_of](const Object& resource) {
    return std::vector<std::string>{namespace_of(resource)};
  };
  Lookup home{kNamespaces, [](const Object& object) { return object.key.name; }, there};
  home.index = "place";
  Lookup policies{kIsolationPolicies, [](const Object&) { return std::string("all"); },
                  [](const Object&) { return std::vector<std::string>{"all"}; }};
  policies.index = "everywhere";
  policies.by_spec = true;
  Lookup isolating{kNetworkPolicies,
                   [](const Object& object) {
                     return object.key.name == kPolicyName ? object.key.ns : std::string();
                   },
                   there};
  isolating.index = "isolating";
  return {std::move(home), std::move(policies), std::move(isolating)};
}

Place Look(const std::string& ns, const Snapshot& world, const Settings& settings) {
  Place place;
  const auto policies = world.All(kIsolationPolicies);
  if (policies.empty() || !MayBeIsolated(ns, settings)) return place;
  const Object* home = world.FindObject(kNamespaces.type, {kHomeCluster, "", ns});
  if (home == nullptr) {
    place.problem = Pending(ns, "the namespace itself has not been seen yet");
    return place;
  }
  for (const auto& policy : policies) {
    if (IsReadable(policy.body) || !Selects(policy.body, home->meta, settings)) continue;
    place.problem = {std::string(reason::kUnreadable),
                     fmt::format("IsolationPolicy {} says something that this version of the "
                                 "operator does not understand, so no pod is made in namespace {}; "
                                 "upgrade the operator, or apply the CRDs of its version",
                                 policy.key.name, ns),
                     true};
    return place;
  }
  place.rules = RulesFor(home->meta, policies, settings);
  if (place.rules) place.signed_images = {place.rules->images, world, settings};
  if (!place.rules || !place.rules->closed) return place;
  if (const auto* policy = FindPolicy(home->meta, *place.rules, world, settings)) {
    place.since = SinceOf(*policy);
  }
  if (place.since.empty()) {
    place.problem = Pending(ns, WhyNoPolicy(ns, *place.rules, world));
  } else {
    place.problem = WhyNotProvable(*place.rules, settings);
  }
  return place;
}

std::optional<Problem> WhyImagesNotAllowed(const json& spec, Place& place,
                                           const Settings& settings) {
  if (!place.rules) return std::nullopt;
  for (const char* list : {"initContainers", "containers"}) {
    for (const auto& container : spec.value(list, json::array())) {
      const auto image = container.value("image", "");
      if (image == settings.worker_image) continue;
      if (const auto why = WhyNotAllowed(image, place.rules->images)) {
        return Problem{std::string(reason::kImageNotAllowed),
                       fmt::format("image {} of container {} {} ({})", image,
                                   container.value("name", ""), *why, Names(*place.rules)),
                       true};
      }
      if (const auto why = place.signed_images.WhyNot(image)) {
        return Problem{
            std::string(reason::kImageNotSigned),
            fmt::format("image {} of container {} {}", image, container.value("name", ""), *why),
            true};
      }
    }
  }
  return std::nullopt;
}

PodPlan PlanProbe(const Rules& rules, const Settings& settings) {
  PodPlan plan;
  plan.container = kProbeContainer;
  plan.image = settings.worker_image;
  plan.command = {"/slipway", "probe"};
  plan.args = {"--reachable=" + LiteralArgument(settings.probe_reachable),
               "--refused=" + LiteralArgument(settings.probe_refused),
               fmt::format("--timeout-seconds={}", rules.timeout_seconds)};
  plan.resources = api::Resources{{{"cpu", "10m"}, {"memory", "32Mi"}}, {{"memory", "64Mi"}}};
  plan.read_only_root = true;
  return plan;
}

void Dress(json& metadata, json& spec, const Place& place, const Settings& settings) {
  if (!place.rules) return;
  const Rules& rules = *place.rules;
  if (!place.since.empty()) metadata["annotations"][std::string(kSince)] = place.since;
  if (rules.closed && rules.probed) {
    json first = RestrictedPodSpec(PlanProbe(rules, settings), std::nullopt)["containers"];
    const json others = spec.value("initContainers", json::array());
    first.insert(first.end(), others.begin(), others.end());
    spec["initContainers"] = std::move(first);
  }
  for (const char* list : {"initContainers", "containers"}) {
    if (!spec.contains(list)) continue;
    for (auto& container : spec[list]) {
      const auto image = container.value("image", "");
      if (image != settings.worker_image) container["image"] = Mirrored(image, rules.images);
    }
  }
  if (rules.trust) AddTrust(spec, *rules.trust);
  for (const auto& [label, value] : rules.node_selector) spec["nodeSelector"][label] = value;
  for (const auto& secret : rules.images.pull_secrets) {
    auto& secrets = spec["imagePullSecrets"];
    const json entry = {{"name", secret}};
    if (std::ranges::find(secrets, entry) == secrets.end()) secrets.push_back(entry);
  }
}

}  // namespace slipway::isolation
