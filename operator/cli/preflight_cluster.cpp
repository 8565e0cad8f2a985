#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "operator/cli/look.hpp"
#include "operator/cli/preflight_checks.hpp"
#include "operator/cli/text.hpp"

/// What of the cluster itself is there: server, APIs, storage, nodes.
namespace slipway::cli {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// "a, b and 3 more".
std::string Some(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  const std::size_t rest = names.size() > kShown + 1 ? names.size() - kShown : 0;
  const std::vector<std::string> shown(names.begin(),
                                       names.end() - static_cast<std::ptrdiff_t>(rest));
  std::string text = fmt::format("{}", fmt::join(shown, ", "));
  if (rest > 0) text += fmt::format(" and {} more", rest);
  return text;
}

/// 35 of "v1.35.4+k3s1"; nullopt when it is no version of that kind.
std::optional<int> MinorVersion(const std::string& version) {
  constexpr std::string_view kMajor = "v1.";
  int minor = 0;
  if (!version.starts_with(kMajor)) return std::nullopt;
  const char* begin = version.data() + kMajor.size();
  const auto [end, error] = std::from_chars(begin, version.data() + version.size(), minor);
  if (error != std::errc() || end == begin) return std::nullopt;
  return minor;
}

/// Those whose volumes several nodes can write to.
bool IsShared(const std::string& provisioner) {
  constexpr std::array<std::string_view, 9> kKnown{
      "file.csi.azure.com",  "kubernetes.io/azure-file", "nfs.csi.k8s.io",
      "cephfs.csi.ceph.com", "efs.csi.aws.com",          "filestore.csi.storage.gke.io",
      "smb.csi.k8s.io",      "csi.trident.netapp.io",    "driver.longhorn.io"};
  return std::ranges::find(kKnown, provisioner) != kKnown.end() ||
         provisioner.ends_with(".cephfs.csi.ceph.com");
}

bool IsDefault(const json& storage_class) {
  return Text(storage_class,
              {"metadata", "annotations", "storageclass.kubernetes.io/is-default-class"}) == "true";
}

}  // namespace

Check Unseen(const std::string& check, const std::string& what, const std::string& why) {
  return {Verdict::kUnknown, check, fmt::format("not looked at: {} ({})", what, why),
          "ask as somebody who may read them"};
}

std::optional<Check> FirstUnseen(const Facts& facts, const std::string& check,
                                 const std::vector<std::string>& sources) {
  for (const std::string& source : sources) {
    const auto why = facts.unread.find(source);
    if (why != facts.unread.end()) return Unseen(check, why->first, why->second);
  }
  return std::nullopt;
}

void AddRights(const Facts& facts, std::vector<Check>& checks) {
  const std::string user = facts.user.empty() ? "who asks" : facts.user;
  if (facts.unread.empty()) {
    return checks.push_back({Verdict::kOk, "rights", user + " may read all that is looked at", ""});
  }
  std::vector<std::string> unread;
  for (const auto& [what, why] : facts.unread) unread.push_back(what);
  checks.push_back({Verdict::kUnknown, "rights",
                    fmt::format("{} could not read {}: {}", user, fmt::join(unread, ", "),
                                facts.unread.begin()->second),
                    "ask as somebody who may"});
}

void AddServer(const Facts& facts, std::vector<Check>& checks) {
  const std::string check = "Kubernetes";
  const auto minor = MinorVersion(facts.server_version);
  if (auto unseen = FirstUnseen(facts, check, {"/version"})) {
    return checks.push_back(std::move(*unseen));
  }
  const std::string seen = facts.server_version + ", " + Platform(facts);
  if (!minor) {
    return checks.push_back({Verdict::kWarn, check, seen + ": no version that is known here", ""});
  }
  constexpr int kOldest = 29;
  constexpr int kOldestIsolated = 30;
  if (*minor < kOldest) {
    return checks.push_back(
        {Verdict::kFail, check, seen, fmt::format("upgrade to 1.{} or later", kOldestIsolated)});
  }
  if (*minor < kOldestIsolated) {
    return checks.push_back(
        {Verdict::kWarn, check, seen,
         fmt::format("upgrade to 1.{}, which admission policies need", kOldestIsolated)});
  }
  checks.push_back({Verdict::kOk, check, seen, ""});
}

void AddApis(const Facts& facts, std::vector<Check>& checks) {
  for (const NeededApi& api : NeededApis()) {
    const std::string version(api.version);
    const std::string check = "API " + version;
    const auto served = facts.served.find(version);
    const bool there =
        served != facts.served.end() && served->second.contains(std::string(api.resource));
    const auto why = facts.unread.find("/apis/" + version);
    if (there) {
      checks.push_back({Verdict::kOk, check, std::string(api.resource) + " are served", ""});
    } else if (why != facts.unread.end()) {
      checks.push_back(Unseen(check, why->first, why->second));
    } else {
      checks.push_back({Verdict::kFail, check, fmt::format("{} are not served", api.resource),
                        std::string(api.way_out)});
    }
  }
}

void AddStorage(const Facts& facts, std::vector<Check>& checks) {
  const std::string check = "storage";
  if (auto unseen = FirstUnseen(facts, check, {"storageclasses"})) {
    return checks.push_back(std::move(*unseen));
  }
  std::vector<std::string> defaults;
  std::vector<std::string> shared;
  for (const json& one : facts.storage_classes) {
    if (IsDefault(one)) defaults.push_back(Name(one));
    if (IsShared(Text(one, {"provisioner"}))) shared.push_back(Name(one));
  }
  if (defaults.size() == 1) {
    checks.push_back({Verdict::kOk, check, "default StorageClass " + defaults.front(), ""});
  } else {
    checks.push_back({Verdict::kWarn, check,
                      defaults.empty() ? "no default StorageClass"
                                       : "several default StorageClasses: " + Some(defaults),
                      "name one in each claim, or annotate one as the default"});
  }
  if (shared.empty()) {
    checks.push_back({Verdict::kWarn, "shared storage",
                      "no StorageClass of a provisioner that is known to give ReadWriteMany",
                      "jobs of several nodes share checkpoints by such a claim, or by an object "
                      "store"});
  } else {
    checks.push_back(
        {Verdict::kOk, "shared storage", "ReadWriteMany is to be had from " + Some(shared), ""});
  }
}

void AddPodSecurity(const Facts& facts, const std::vector<crdgen::Crd>& crds,
                    std::vector<Check>& checks) {
  const std::string check = "pod security";
  std::vector<std::string> sources{"namespaces"};
  for (const crdgen::Crd& crd : crds) sources.push_back(crd.plural);
  if (auto unseen = FirstUnseen(facts, check, sources)) {
    return checks.push_back(std::move(*unseen));
  }
  std::set<std::string> looked_at = facts.used_namespaces;
  if (!facts.operators.empty()) looked_at.insert(facts.operator_ns);
  if (looked_at.empty()) {
    return checks.push_back({Verdict::kOk, check, "no namespace has objects of Slipway yet", ""});
  }
  std::vector<std::string> lax;
  for (const json& ns : facts.namespaces) {
    if (!looked_at.contains(Name(ns))) continue;
    looked_at.erase(Name(ns));
    if (Label(ns, "pod-security.kubernetes.io/enforce") != "restricted") lax.push_back(Name(ns));
  }
  if (!looked_at.empty()) {
    checks.push_back({Verdict::kWarn, "namespaces",
                      "not there: " + Some({looked_at.begin(), looked_at.end()}),
                      "kubectl create namespace"});
  }
  if (lax.empty()) {
    checks.push_back(
        {Verdict::kOk, check, "the namespaces with Slipway's objects enforce restricted", ""});
  } else if (Platform(facts) == "OpenShift") {
    checks.push_back(
        {Verdict::kOk, check,
         "security context constraints decide on OpenShift; not labelled: " + Some(lax), ""});
  } else {
    checks.push_back(
        {Verdict::kWarn, check, "restricted is not enforced in " + Some(lax),
         fmt::format("kubectl label namespace {} pod-security.kubernetes.io/enforce=restricted; "
                     "all pods of Slipway pass it",
                     lax.front())});
  }
}

Check EnforcementCheck(const std::vector<json>& policies) {
  const std::string check = "network policies";
  if (policies.empty()) {
    return {Verdict::kWarn, check,
            "whether they have an effect is not checkable here: only a probe from a pod can tell",
            "try it with two pods (docs/operations.md, Without a connection to the outside)"};
  }
  std::vector<std::string> unproven;
  for (const json& policy : policies) {
    const json& condition = Condition(policy, "EnforcementVerified");
    const std::string status = Text(condition, {"status"});
    if (status == "False") {
      return {Verdict::kFail, check,
              fmt::format("IsolationPolicy {}: {}", Name(policy), Text(condition, {"message"})),
              "a network plugin that enforces NetworkPolicies"};
    }
    if (status != "True") unproven.push_back(Name(policy));
  }
  if (!unproven.empty()) {
    return {Verdict::kWarn, check, "not verified yet by IsolationPolicy " + Some(unproven),
            "kubectl describe isolationpolicies"};
  }
  return {Verdict::kOk, check,
          fmt::format("verified from within pods, as {} says",
                      policies.size() == 1 ? "IsolationPolicy " + Name(policies.front())
                                           : "every IsolationPolicy"),
          ""};
}

void AddNames(const Facts& facts, std::vector<Check>& checks) {
  const std::string check = "DNS";
  if (!facts.name_services.empty()) {
    const json& service = facts.name_services.front();
    return checks.push_back(
        {Verdict::kOk, check,
         fmt::format("Service {}/{}", Text(service, {"metadata", "namespace"}), Name(service)),
         ""});
  }
  if (auto unseen = FirstUnseen(facts, check, {"services"})) {
    return checks.push_back(std::move(*unseen));
  }
  checks.push_back({Verdict::kWarn, check,
                    "no Service with k8s-app=kube-dns in kube-system, and no "
                    "openshift-dns/dns-default",
                    "the pods of a job find each other by names of Services; see that something "
                    "serves them"});
}

std::string Platform(const Facts& facts) {
  constexpr std::array kSigns{
      std::pair{"node.openshift.io/", "OpenShift"}, std::pair{"kubernetes.azure.com/", "AKS"},
      std::pair{"eks.amazonaws.com/", "EKS"}, std::pair{"cloud.google.com/gke-", "GKE"}};
  for (const auto& sign : kSigns) {
    for (const json& node : facts.nodes) {
      for (const std::string& label : Names(node, {"metadata", "labels"})) {
        if (label.starts_with(sign.first)) return sign.second;
      }
    }
  }
  return "no platform by the labels of its nodes";
}

void AddNodes(const Facts& facts, std::vector<Check>& checks) {
  const std::string check = "nodes";
  if (auto unseen = FirstUnseen(facts, check, {"nodes"})) {
    return checks.push_back(std::move(*unseen));
  }
  std::vector<std::string> away;
  std::map<std::string, std::size_t> architectures;
  for (const json& node : facts.nodes) {
    if (!Holds(node, "Ready")) away.push_back(Name(node));
    ++architectures[Label(node, "kubernetes.io/arch")];
  }
  std::vector<std::string> kinds;
  kinds.reserve(architectures.size());
  for (const auto& [architecture, number] : architectures) {
    kinds.push_back(
        fmt::format("{} {}", number, architecture.empty() ? "unlabelled" : architecture));
  }
  const std::string seen =
      fmt::format("{}: {}", Count(facts.nodes.size(), "node"), fmt::join(kinds, ", "));
  if (facts.nodes.empty()) {
    checks.push_back({Verdict::kFail, check, "there is none", "add one"});
  } else if (!away.empty()) {
    checks.push_back({Verdict::kWarn, check, seen + "; not ready: " + Some(away),
                      "kubectl describe node " + away.front()});
  } else if (architectures.size() > 1) {
    checks.push_back({Verdict::kWarn, check, seen,
                      "carry images for all of them (skopeo sync --all), and see that they have "
                      "them"});
  } else {
    checks.push_back({Verdict::kOk, check, seen, ""});
  }
}

void AddClock(const Facts& facts, std::vector<Check>& checks) {
  const std::string check = "clock";
  if (!facts.server_time) {
    const auto why = facts.unread.find("selfsubjectreviews");
    return checks.push_back(
        Unseen(check, "the API server's time",
               why == facts.unread.end() ? "its answer has none" : why->second));
  }
  constexpr milliseconds kResolution{1000};
  constexpr milliseconds kMost{10'000};
  const milliseconds apart = facts.now - *facts.server_time;
  const milliseconds certain =
      milliseconds(std::abs(apart.count())) - facts.server_time_within - kResolution;
  if (certain > kMost) {
    return checks.push_back({Verdict::kWarn, check,
                             fmt::format("the API server's is {} {} this machine's",
                                         Span(milliseconds(std::abs(apart.count()))),
                                         apart.count() > 0 ? "behind" : "ahead of"),
                             "without the outside clocks need a source of time inside (NTP): "
                             "tokens, certificates and schedules go by them"});
  }
  checks.push_back({Verdict::kOk, check, "the API server's is this machine's", ""});
}

}  // namespace slipway::cli
