#include "operator/cli/audit_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "controllers/common/probe_report.hpp"
#include "controllers/isolation/images.hpp"
#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/network.hpp"
#include "controllers/isolation/rules.hpp"
#include "operator/base/digest.hpp"
#include "operator/cli/decode.hpp"
#include "operator/cli/image_fields.hpp"
#include "operator/cli/look.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/network.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

std::string DigestOf(const json& value) {
  return "sha256:" + PlainSha256Hex(value.dump(-1, ' ', false, json::error_handler_t::replace));
}

/// The members of an object that there are.
json Some(const json& object, std::initializer_list<const char*> names) {
  json some = json::object();
  for (const char* name : names) {
    if (object.is_object() && object.contains(name)) some[name] = object[name];
  }
  return some;
}

Settings SettingsOf(const AuditFacts& facts) {
  Settings settings;
  settings.operator_namespace = facts.operator_ns;
  return settings;
}

struct Policy {
  ObjectKey key;
  api::IsolationPolicy body;
};

/// The policies as the operator reads them; one that it does not understand selects everything.
std::vector<Policy> Policies(const AuditFacts& facts) {
  std::vector<Policy> policies;
  for (const json& object : facts.policies) {
    auto policy = DecodeAs(isolation::kIsolationPolicies, object);
    if (!policy) continue;
    policies.push_back({{kHomeCluster, "", policy->meta.name}, std::move(*policy)});
  }
  return policies;
}

/// What the planners look at, as long as the policies themselves are there.
std::vector<Item<api::IsolationPolicy>> ItemsOf(const std::vector<Policy>& policies) {
  std::vector<Item<api::IsolationPolicy>> items;
  items.reserve(policies.size());
  for (const Policy& policy : policies) {
    items.push_back({policy.key, policy.body.meta, policy.body});
  }
  return items;
}

ObjectMeta MetaOf(const json& ns) {
  ObjectMeta meta;
  meta.name = Name(ns);
  meta.uid = Text(ns, {"metadata", "uid"});
  for (const std::string& label : Names(ns, {"metadata", "labels"})) {
    meta.labels[label] = Label(ns, label);
  }
  return meta;
}

/// Those of the operator, which are always allowed: whoever made the policies has chosen them.
std::set<std::string> OwnImages(const AuditFacts& facts) {
  std::set<std::string> own;
  for (const json& object : facts.operators) {
    const bool config = Text(object, {"kind"}) == "ConfigMap";
    for (const auto& [field, image] : ImagesIn({}, object).images) {
      if (!config || field.ends_with("workerImage")) own.insert(image);
    }
  }
  return own;
}

bool HasEnded(const json& pod) {
  const std::string phase = Text(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

json OperatorOf(const AuditFacts& facts, const json& deployment) {
  json digests = json::array();
  for (const json& pod : facts.operators) {
    if (Text(pod, {"kind"}) != "Pod" || HasEnded(pod)) continue;
    for (const auto& [image, digest] : DigestsOf(pod)) {
      if (!digest.empty() && std::ranges::find(digests, json(digest)) == digests.end()) {
        digests.push_back(digest);
      }
    }
  }
  const auto& containers = List(deployment, {"spec", "template", "spec", "containers"});
  return {{"namespace", Text(deployment, {"metadata", "namespace"})},
          {"name", Name(deployment)},
          {"version", Label(deployment, "app.kubernetes.io/version")},
          {"image", containers.empty() ? "" : Text(containers.front(), {"image"})},
          {"running", std::move(digests)}};
}

json PolicyOf(const json& policy) {
  json told = Some(At(policy, {"status"}),
                   {"observedGeneration", "conditions", "namespaces", "message", "controls"});
  told["name"] = Name(policy);
  told["uid"] = Text(policy, {"metadata", "uid"});
  told["generation"] = Number(policy, {"metadata", "generation"});
  told["digest"] = DigestOf(At(policy, {"spec"}));
  told["spec"] = At(policy, {"spec"});
  return told;
}

/// The look that a pod had at its network, or null when it has had none yet.
json ProbeOf(const json& pod) {
  for (const char* list : {"initContainerStatuses", "containerStatuses"}) {
    for (const json& status : List(pod, {"status", list})) {
      if (Text(status, {"name"}) != isolation::kProbeContainer) continue;
      const json& end = At(status, {"state", "terminated"});
      if (end.is_null()) continue;
      json probe{{"pod", Name(pod)},
                 {"node", Text(pod, {"spec", "nodeName"})},
                 {"time", Text(end, {"finishedAt"})},
                 {"checks", json::array()}};
      const auto report = ReadProbeReport(Text(end, {"message"}));
      probe["result"] = report ? ToString(report->reason) : "Unreadable";
      if (!report) return probe;
      for (const ProbeCheck& check : report->checks) {
        probe["checks"].push_back({{"target", check.target},
                                   {"declared", check.reachable ? "Reachable" : "Refused"},
                                   {"seen", ToString(check.seen)},
                                   {"asDeclared", AsDeclared(check)},
                                   {"milliseconds", check.took.count()}});
      }
      return probe;
    }
  }
  return nullptr;
}

/// By what they say: labels can be written by anybody who may make a policy.
bool IsOurs(const json& policy, const NetworkPolicyView& view) {
  const std::string owner = Label(policy, labels::kOwnerUid);
  return Name(policy) == isolation::kPolicyName ||
         (!owner.empty() &&
          view.spec_digest == isolation::DigestOf(isolation::WorkloadPolicySpec(owner)));
}

json NetworkPolicyOf(const json& policy) {
  const auto view = DecodeAs(kNetworkPolicies, policy);
  return {{"name", Name(policy)},
          {"uid", Text(policy, {"metadata", "uid"})},
          {"digest", DigestOf(At(policy, {"spec"}))},
          {"mark", Text(policy, {"metadata", "annotations", isolation::kSince})},
          {"ofSlipway", view && IsOurs(policy, *view)},
          {"allows", !view || view->allows}};
}

/// The images of the pods of one namespace that have not ended.
class RunningImages {
 public:
  void Add(const json& pod) {
    std::map<std::string, std::set<std::string>> digests;
    for (const auto& [image, digest] : DigestsOf(pod)) digests[image].insert(digest);
    std::set<std::pair<std::string, std::string>> here;
    for (const auto& [field, image] : ImagesIn({}, pod).images) {
      const auto known = digests.find(image);
      if (known == digests.end())
        here.emplace(image, "");
      else
        for (const auto& digest : known->second) here.emplace(image, digest);
    }
    for (const auto& one : here) ++pods_[one];
  }

  json Tell(const std::optional<isolation::Rules>& rules, const std::set<std::string>& own) const {
    json images = json::array();
    for (const auto& [image, pods] : pods_) {
      json told{{"image", image.first}, {"running", image.second}, {"pods", pods}};
      const bool ours = own.contains(image.first);
      const auto why =
          ours || !rules ? std::nullopt : isolation::WhyNotAllowed(image.first, rules->images);
      told["allowed"] = !why;
      if (why) told["why"] = *why;
      if (ours) told["ofSlipway"] = true;
      images.push_back(std::move(told));
    }
    return images;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::size_t> pods_;
};

struct Pods {
  json probes = json::array();
  json unprobed = json::array();
  std::size_t running = 0;
  RunningImages images;

  void Add(const json& pod) {
    json probe = ProbeOf(pod);
    const bool looked = !probe.is_null();
    if (looked) probes.push_back(std::move(probe));
    if (HasEnded(pod)) return;
    ++running;
    if (!looked) unprobed.push_back(Name(pod));
    images.Add(pod);
  }
};

json ProofsOf(const AuditFacts& facts, const std::vector<std::string>& policies,
              const std::string& ns) {
  json proofs = json::array();
  for (const json& policy : facts.policies) {
    if (std::ranges::find(policies, Name(policy)) == policies.end()) continue;
    for (json proof : List(policy, {"status", "proofs"})) {
      if (Text(proof, {"namespace"}) != ns) continue;
      proof.erase("namespace");
      proof["policy"] = Name(policy);
      proofs.push_back(std::move(proof));
    }
  }
  return proofs;
}

json NamespaceOf(const AuditFacts& facts, const json& ns, const std::vector<std::string>& policies,
                 const std::vector<Item<api::IsolationPolicy>>& rules) {
  const std::string name = Name(ns);
  json network = json::array();
  json foreign = json::array();
  Pods pods;
  for (const json& object : facts.objects) {
    if (Text(object, {"metadata", "namespace"}) != name) continue;
    if (Text(object, {"kind"}) == "Pod") {
      pods.Add(object);
      continue;
    }
    network.push_back(NetworkPolicyOf(object));
    const json& told = network.back();
    if (told["allows"] == true && told["ofSlipway"] == false) foreign.push_back(Name(object));
  }
  const auto holds = isolation::RulesFor(MetaOf(ns), rules, SettingsOf(facts));
  return {{"name", name},
          {"uid", Text(ns, {"metadata", "uid"})},
          {"labels", At(ns, {"metadata", "labels"})},
          {"policies", policies},
          {"proofs", ProofsOf(facts, policies, name)},
          {"probes", std::move(pods.probes)},
          {"runningPods", pods.running},
          {"unprobedPods", std::move(pods.unprobed)},
          {"networkPolicies", std::move(network)},
          {"foreignPolicies", std::move(foreign)},
          {"images", pods.images.Tell(holds, OwnImages(facts))}};
}

/// What no report of this kind can say.
json Limits() {
  return {"It is about one moment: what ran before, or between two looks, is not in it.",
          "What goes over connections is not counted, and nobody looks into it.",
          "An image is judged by its name; that its content is what it should be, the name with a "
          "digest says, and nothing here.",
          "Packets were tried from inside pods by the operator's program, on the machines named."};
}

}  // namespace

std::map<std::string, std::vector<std::string>> IsolatedNamespaces(const AuditFacts& facts,
                                                                   const std::string& policy) {
  const Settings settings = SettingsOf(facts);
  std::map<std::string, std::vector<std::string>> isolated;
  for (const auto& one : Policies(facts)) {
    for (const json& ns : facts.namespaces) {
      if (!isolation::SelectsAnywhere(one.body, MetaOf(ns), settings)) continue;
      isolated[Name(ns)].push_back(one.key.name);
    }
  }
  std::erase_if(isolated, [&policy](const auto& ns) {
    return !policy.empty() && std::ranges::find(ns.second, policy) == ns.second.end();
  });
  return isolated;
}

json AuditReport(const AuditFacts& facts, const std::string& policy, const std::string& version) {
  json operators = json::array();
  for (const json& object : facts.operators) {
    if (Text(object, {"kind"}) == "Deployment") operators.push_back(OperatorOf(facts, object));
  }
  json policies = json::array();
  for (const json& object : facts.policies) {
    if (policy.empty() || Name(object) == policy) policies.push_back(PolicyOf(object));
  }
  json namespaces = json::array();
  const auto isolated = IsolatedNamespaces(facts, policy);
  const auto read = Policies(facts);
  const auto rules = ItemsOf(read);
  for (const json& ns : facts.namespaces) {
    const auto by = isolated.find(Name(ns));
    if (by != isolated.end()) namespaces.push_back(NamespaceOf(facts, ns, by->second, rules));
  }
  json unseen = json::array();
  for (const auto& [what, why] : facts.unread) unseen.push_back({{"what", what}, {"why", why}});
  return {{"kind", "IsolationReport"},
          {"version", 1},
          {"time", FormatTime(facts.now)},
          {"madeBy", facts.user},
          {"madeWith", "kubectl slipway " + version},
          {"cluster", {{"uid", facts.cluster_uid}, {"kubernetes", facts.server_version}}},
          {"operators", std::move(operators)},
          {"policies", std::move(policies)},
          {"namespaces", std::move(namespaces)},
          {"complete", unseen.empty()},
          {"unseen", std::move(unseen)},
          {"limits", Limits()}};
}

}  // namespace slipway::cli
