#include "controllers/training_job/machines.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"

namespace slipway::training_job {
namespace {

const MachineView* MachineOf(const Observed& observed, const NodePod* pod) {
  const auto found =
      pod == nullptr ? observed.machines.end() : observed.machines.find(pod->view->node_name);
  return found == observed.machines.end() ? nullptr : found->second;
}

/// The first of the conditions that a machine has, or nullptr.
const ConditionView* FindWanted(const MachineView& machine,
                                const std::vector<api::NodeConditionRequirement>& wanted) {
  const auto found = std::ranges::find_if(machine.conditions, [&](const ConditionView& condition) {
    return std::ranges::any_of(wanted, [&](const auto& one) {
      return one.type == condition.type && ToString(one.status) == condition.status;
    });
  });
  return found == machine.conditions.end() ? nullptr : &*found;
}

/// What speaks against the machine, by the first rule that has anything against it.
const ConditionView* WhyUnfit(const api::FailurePolicy& policy, const MachineView& machine) {
  for (const auto& rule : policy.rules) {
    const ConditionView* condition = FindWanted(machine, rule.on_node_conditions);
    if (condition != nullptr) return condition;
  }
  return nullptr;
}

api::NodeFailure DescribeUnfit(const NodePod& pod, const ConditionView& condition, Instant now) {
  const std::string& machine = pod.view->node_name;
  return {StatusTime(now),
          pod.node,
          pod.key->name,
          machine,
          std::string(reason::kMachineCondition),
          std::nullopt,
          LastWords(fmt::format("machine {} has condition {} with status {}{}", machine,
                                condition.type, condition.status,
                                condition.reason.empty() ? "" : ", reason " + condition.reason))};
}

bool HasMachineRule(const api::TrainingJob& job) {
  return std::ranges::any_of(job.spec.failure_policy.rules,
                             [](const auto& rule) { return !rule.on_node_conditions.empty(); });
}

}  // namespace

Lookup LookUpMachines() {
  Lookup lookup{kMachines, [](const Object& machine) { return machine.key.name; },
                [](const Object&) { return std::vector<std::string>{}; }};
  lookup.looked_up_by_child = [](const Object& child) -> std::vector<std::string> {
    if (child.type != kPods.type) return {};
    const auto& pod = *static_cast<const PodView*>(child.body.get());
    if (pod.node_name.empty()) return {};
    return {pod.node_name};
  };
  lookup.wanted = [](const Object& resource) {
    const auto& job = *static_cast<const api::TrainingJob*>(resource.body.get());
    return HasMachineRule(job) && !ReadRecord(job).finished;
  };
  return lookup;
}

Machines FindMachines(const ObjectKey& key, const Snapshot& world) {
  Machines machines;
  for (const auto& machine : world.All(kMachines)) {
    if (machine.key.cluster == key.cluster) machines.emplace(machine.key.name, &machine.body);
  }
  return machines;
}

bool HasCondition(const MachineView* machine,
                  const std::vector<api::NodeConditionRequirement>& wanted) {
  return machine != nullptr && FindWanted(*machine, wanted) != nullptr;
}

void AddMachines(const api::FailurePolicy& policy, const Observed& observed, Instant now,
                 std::vector<Failure>& failures) {
  for (auto& failure : failures) failure.machine = MachineOf(observed, failure.pod);
  for (const NodePod* pod : observed.Pods()) {
    const MachineView* machine = MachineOf(observed, pod);
    if (machine == nullptr || !pod->Active()) continue;
    const ConditionView* condition = WhyUnfit(policy, *machine);
    if (condition == nullptr) continue;
    failures.push_back({DescribeUnfit(*pod, *condition, now), pod, machine});
  }
}

}  // namespace slipway::training_job
