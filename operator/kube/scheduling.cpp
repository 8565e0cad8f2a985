#include "operator/kube/scheduling.hpp"

#include <algorithm>
#include <limits>

#include "operator/base/quantity.hpp"

namespace slipway {
namespace {

constexpr std::int64_t kOne = 1000;
constexpr const char* kPodsResource = "pods";
/// The kubelet's own default, for a machine that says nothing.
constexpr std::int64_t kUsualPods = 110 * kOne;

Amounts DecodeAmounts(const JsonView& resources) {
  Amounts amounts;
  resources.ForEachMember([&](std::string_view name, const JsonView& value) {
    const auto text = value.String();  // A manifest may have a number.
    const auto milli = text ? MilliValue(*text) : MilliValue(value.Dump());
    if (milli) amounts[std::string(name)] = *milli;
  });
  return amounts;
}

/// Amounts come from anybody, so they may be beyond all bounds together.
void Add(Amounts& sum, const Amounts& more) {
  for (const auto& [name, amount] : more) {
    std::int64_t& total = sum[name];
    if (__builtin_add_overflow(total, amount, &total)) {
      total = std::numeric_limits<std::int64_t>::max();
    }
  }
}

void TakeLarger(Amounts& sum, const Amounts& other) {
  for (const auto& [name, amount] : other) {
    std::int64_t& largest = sum[name];
    largest = std::max(largest, amount);
  }
}

/// A limit without a request is a request; the API server fills that in, and manifests have not
/// seen it yet.
Amounts RequestsOf(const JsonView& container) {
  Amounts wanted = DecodeAmounts(container["resources"]["limits"]);
  for (auto& [name, amount] : DecodeAmounts(container["resources"]["requests"])) {
    wanted[name] = amount;
  }
  return wanted;
}

Amounts RequestsOfPod(const JsonView& spec) {
  Amounts together;
  Amounts sidecars;
  Amounts starting;  // The most that any moment before the containers asks for.
  spec["containers"].ForEach(
      [&](const JsonView& container) { Add(together, RequestsOf(container)); });
  spec["initContainers"].ForEach([&](const JsonView& container) {
    Amounts wanted = RequestsOf(container);
    if (container["restartPolicy"].String() == "Always") {
      Add(sidecars, wanted);
      TakeLarger(starting, sidecars);
    } else {
      Add(wanted, sidecars);
      TakeLarger(starting, wanted);
    }
  });
  Add(together, sidecars);
  TakeLarger(together, starting);
  // What is set for the pod as a whole takes the place of the sum.
  for (auto& [name, amount] : DecodeAmounts(spec["resources"]["requests"])) together[name] = amount;
  Add(together, DecodeAmounts(spec["overhead"]));
  together[kPodsResource] = kOne;
  return together;
}

void DecodeAvoided(const JsonView& spec, PodNeeds& needs) {
  const JsonView required =
      spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"];
  std::size_t terms = 0;
  std::vector<std::string> avoided;
  required["nodeSelectorTerms"].ForEach([&](const JsonView& term) {
    ++terms;
    term["matchFields"].ForEach([&](const JsonView& field) {
      if (field["key"].String() != "metadata.name" || field["operator"].String() != "NotIn") return;
      field["values"].ForEach([&](const JsonView& name) { avoided.push_back(name.Text()); });
    });
  });
  if (terms == 1) needs.avoids = std::move(avoided);  // Several are alternatives.
}

}  // namespace

PodNeeds DecodePodNeeds(const JsonView& spec) {
  PodNeeds needs;
  needs.requests = RequestsOfPod(spec);
  spec["nodeSelector"].ForEachMember([&](std::string_view name, const JsonView& value) {
    needs.node_selector.emplace(name, value.Text());
  });
  spec["tolerations"].ForEach([&](const JsonView& item) {
    needs.tolerations.push_back({item["key"].Text(), item["value"].Text(), item["effect"].Text(),
                                 item["operator"].String() == "Exists"});
  });
  DecodeAvoided(spec, needs);
  const std::int64_t priority = spec["priority"].IntOr(0);
  const bool fits = priority == static_cast<std::int32_t>(priority);
  needs.priority = fits ? static_cast<std::int32_t>(priority) : 0;
  spec["schedulingGates"].ForEach(
      [&](const JsonView& gate) { needs.gates.push_back(gate["name"].Text()); });
  return needs;
}

NodeView DecodeNode(const JsonView& object) {
  NodeView node;
  node.allocatable = DecodeAmounts(object["status"]["allocatable"]);
  node.allocatable.emplace(kPodsResource, kUsualPods);
  node.unschedulable = object["spec"]["unschedulable"].BoolOr(false);
  object["spec"]["taints"].ForEach([&](const JsonView& item) {
    Taint taint{item["key"].Text(), item["value"].Text(), item["effect"].Text()};
    if (taint.effect != "PreferNoSchedule") node.taints.push_back(std::move(taint));
  });
  return node;
}

}  // namespace slipway
