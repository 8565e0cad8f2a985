#include "operator/cli/children.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "controllers/common/labels.hpp"
#include "controllers/training_job/kind.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

/// "churn-node-0-x7k2m9pq" as "churn-node-0-*". The Service of a ModelDeployment has no hash.
std::string WithoutHash(const json& child) {
  constexpr std::size_t kHash = 8;
  const std::string name = Name(child);
  const bool own = Text(child, {"metadata", "annotations", "slipway.dev/owner"}) ==
                   Text(child, {"metadata", "namespace"}) + "/" + name;
  if (own || name.size() <= kHash + 1) return name;
  return name.substr(0, name.size() - kHash) + "*";
}

const json& PodSpec(const json& child) {
  return Text(child, {"kind"}) == "Deployment" ? At(child, {"spec", "template", "spec"})
                                               : At(child, {"spec"});
}

const json& FirstContainer(const json& child) {
  static const json kNone;
  const auto& containers = List(PodSpec(child), {"containers"});
  return containers.empty() ? kNone : containers.front();
}

/// "requests cpu 4, memory 8Gi; limits nvidia.com/gpu 8".
std::string Resources(const json& container) {
  std::string text;
  for (const char* part : {"requests", "limits"}) {
    std::vector<std::string> entries;
    for (const std::string& name : Names(container, {"resources", part})) {
      entries.push_back(name + " " + Plain(At(container, {"resources", part, name})));
    }
    if (!entries.empty()) text += fmt::format("; {} {}", part, fmt::join(entries, ", "));
  }
  return text;
}

std::string DescribePod(const json& child) {
  const json& container = FirstContainer(child);
  const std::string step = Label(child, training_job::kStep);
  return fmt::format("{}image {}{}", step.empty() ? "" : fmt::format("step {}: ", step),
                     Text(container, {"image"}), Resources(container));
}

std::string DescribeService(const json& child) {
  if (Text(child, {"spec", "clusterIP"}) == "None") return "headless: gives each pod a DNS name";
  std::string text = "sends requests";
  for (const json& port : List(child, {"spec", "ports"})) {
    text += fmt::format(" at port {}", Number(port, {"port"}));
  }
  const std::string variant = Label(child, labels::kVariant);
  return variant.empty() ? text : text + " to variant " + variant;
}

std::string DescribeDeployment(const json& child) {
  const json& replicas = At(child, {"spec", "replicas"});
  const std::string pods = replicas.is_number_integer() ? Count(replicas.get<std::size_t>(), "pod")
                                                        : "as many pods as the autoscaler says";
  return fmt::format("{} of variant {}: {}", pods, Label(child, labels::kVariant),
                     DescribePod(child));
}

std::string DescribeAutoscaler(const json& child) {
  std::string text = fmt::format("{} to {} pods", Number(child, {"spec", "minReplicas"}),
                                 Number(child, {"spec", "maxReplicas"}));
  for (const json& metric : List(child, {"spec", "metrics"})) {
    text += fmt::format("; {} at {} %", Text(metric, {"resource", "name"}),
                        Number(metric, {"resource", "target", "averageUtilization"}));
  }
  return text;
}

std::string Describe(const json& child) {
  const std::string kind = Text(child, {"kind"});
  if (kind == "Pod") return DescribePod(child);
  if (kind == "Service") return DescribeService(child);
  if (kind == "Deployment") return DescribeDeployment(child);
  if (kind == "HorizontalPodAutoscaler") return DescribeAutoscaler(child);
  if (kind == "PodDisruptionBudget") {
    return fmt::format("a drain takes {} of the serving pods at a time",
                       Plain(At(child, {"spec", "maxUnavailable"})));
  }
  return "";
}

bool IsNode(const json& child) { return !Label(child, labels::kNodeIndex).empty(); }

/// All nodes of a job in one row: they differ in their rank only.
std::vector<std::string> NodeRow(const json& first, std::size_t count) {
  std::string name = WithoutHash(first);
  const std::string rank = "-node-0-";
  const auto at = name.rfind(rank);
  if (count > 1 && at != std::string::npos) {
    name.replace(at, rank.size(), fmt::format("-node-{{0..{}}}-", count - 1));
  }
  const char* each = count > 1 ? "s, each with " : " with ";
  return {"Pod", name, Line(fmt::format("{} pod{}{}", count, each, DescribePod(first)))};
}

std::string Reference(const char* kind, const json& object, const char* name_member,
                      const char* key_member) {
  const std::string name = Text(object, {name_member});
  if (name.empty() || Flag(object, {"optional"})) return "";
  const std::string key = Text(object, {key_member});
  return fmt::format("{} {}{}", kind, name, key.empty() ? "" : fmt::format(" (key {})", key));
}

void AddVolumes(const json& spec, std::set<std::string>& needed) {
  for (const json& volume : List(spec, {"volumes"})) {
    needed.insert(
        Reference("PersistentVolumeClaim", At(volume, {"persistentVolumeClaim"}), "claimName", ""));
    needed.insert(Reference("ConfigMap", At(volume, {"configMap"}), "name", ""));
    needed.insert(Reference("Secret", At(volume, {"secret"}), "secretName", ""));
  }
}

void AddEnvironment(const json& container, std::set<std::string>& needed) {
  for (const json& variable : List(container, {"env"})) {
    const json& from = At(variable, {"valueFrom"});
    needed.insert(Reference("Secret", At(from, {"secretKeyRef"}), "name", "key"));
    needed.insert(Reference("ConfigMap", At(from, {"configMapKeyRef"}), "name", "key"));
  }
}

/// The text with every name of a child as it is in the table.
std::string WithoutHashes(std::string text, const std::vector<json>& children) {
  for (const json& child : children) {
    const std::string name = Name(child);
    const std::string shown = WithoutHash(child);
    for (auto at = text.find(name); at != std::string::npos && shown != name;
         at = text.find(name, at)) {
      text.replace(at, name.size(), shown);
    }
  }
  return text;
}

}  // namespace

std::vector<std::vector<std::string>> ChildRows(const std::vector<json>& children) {
  const auto nodes = static_cast<std::size_t>(std::ranges::count_if(children, IsNode));
  std::vector<std::vector<std::string>> rows;
  for (const json& child : children) {
    if (IsNode(child) && Label(child, labels::kNodeIndex) != "0") continue;
    rows.push_back(IsNode(child) ? NodeRow(child, nodes)
                                 : std::vector{Text(child, {"kind"}), WithoutHash(child),
                                               Line(Describe(child))});
  }
  return rows;
}

std::vector<std::string> RendezvousOf(const std::vector<json>& children, const json& owner) {
  const auto first = std::ranges::find_if(children, IsNode);
  std::vector<std::string> lines;
  if (first == children.end()) return lines;
  std::set<std::string> of_user;
  for (const json& variable : List(owner, {"spec", "trainer", "env"})) {
    of_user.insert(Text(variable, {"name"}));
  }
  for (const json& variable : List(FirstContainer(*first), {"env"})) {
    const std::string name = Text(variable, {"name"});
    if (of_user.contains(name)) continue;
    lines.push_back(name + "=" + WithoutHashes(Line(Text(variable, {"value"})), children));
  }
  return lines;
}

std::vector<std::string> NeededBy(const std::vector<json>& children) {
  std::set<std::string> needed;
  for (const json& child : children) {
    const json& spec = PodSpec(child);
    AddVolumes(spec, needed);
    for (const json& container : List(spec, {"containers"})) AddEnvironment(container, needed);
    for (const json& secret : List(spec, {"imagePullSecrets"})) {
      needed.insert(Reference("Secret", secret, "name", ""));
    }
    const std::string priority = Text(spec, {"priorityClassName"});
    if (!priority.empty()) needed.insert("PriorityClass " + priority + " (of the whole cluster)");
  }
  needed.erase("");
  return {needed.begin(), needed.end()};
}

}  // namespace slipway::cli
