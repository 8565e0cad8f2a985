#include "controllers/training_job/failure_policy.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/machines.hpp"

namespace slipway::training_job {
namespace {

using api::FailureAction;

std::optional<std::string> NodeName(const NodePod& pod) {
  if (pod.view->node_name.empty()) return std::nullopt;
  return pod.view->node_name;
}

void NameDisruption(const ConditionView& disruption, api::NodeFailure& failure) {
  failure.reason = OneLine(disruption.reason.empty() ? disruption.type : disruption.reason, 256);
  failure.message = LastWords(disruption.message);
}

api::NodeFailure DescribeFailed(const NodePod& pod, Instant now) {
  PodEnd end = DescribeEnd(*pod.view);
  // The machine's clock may be ahead of ours, and a restart waits from this time on.
  api::NodeFailure failure{StatusTime(std::min(end.time.value_or(now), now)),
                           pod.node,
                           pod.key->name,
                           NodeName(pod),
                           std::move(end.reason),
                           end.exit_code,
                           std::move(end.message)};
  // How a program ends that is told to stop says nothing; the kubelet's own reason does.
  const ConditionView* disruption = FindDisruption(*pod.view);
  if (disruption != nullptr && pod.view->reason.empty()) NameDisruption(*disruption, failure);
  return failure;
}

api::NodeFailure DescribeDeleted(const NodePod& pod, Instant now) {
  api::NodeFailure failure{StatusTime(now), pod.node, pod.key->name, NodeName(pod), {}, {}, {}};
  if (const ConditionView* disruption = FindDisruption(*pod.view)) {
    NameDisruption(*disruption, failure);
    return failure;
  }
  failure.reason = reason::kPodDeleted;
  failure.message = fmt::format(
      "the pod was deleted while it ran on {}; a user or another program did that, "
      "not this operator",
      failure.node_name.value_or("no node yet"));
  return failure;
}

bool Fits(const api::ExitCodeRequirement& wanted, const Failure& failure) {
  const std::int32_t code = failure.what.exit_code.value_or(0);
  if (code == 0) return false;
  const bool listed = std::ranges::find(wanted.values, code) != wanted.values.end();
  return listed == (wanted.operator_ == api::ExitCodeOperator::kIn);
}

bool Fits(const api::PodConditionRequirement& wanted, const Failure& failure) {
  if (failure.pod == nullptr) return false;
  return std::ranges::any_of(failure.pod->view->conditions, [&](const ConditionView& found) {
    return found.type == wanted.type && found.status == ToString(wanted.status);
  });
}

bool Fits(const api::FailureRule& rule, const Failure& failure) {
  if (rule.on_exit_codes) return Fits(*rule.on_exit_codes, failure);
  if (!rule.on_node_conditions.empty()) {
    return HasCondition(failure.machine, rule.on_node_conditions);
  }
  return std::ranges::any_of(rule.on_pod_conditions,
                             [&](const auto& wanted) { return Fits(wanted, failure); });
}

/// What is known of machines is true of each; a program may fail on one because of another.
std::vector<std::string> Avoid(const api::FailureRule& rule, const Failure& decisive,
                               const std::vector<Failure>& failures) {
  std::vector<std::string> machines;
  if (!rule.avoid_node.value_or(false)) return machines;
  for (const auto& failure : failures) {
    const bool unfit = !rule.on_node_conditions.empty() && Fits(rule, failure);
    if ((unfit || &failure == &decisive) && failure.what.node_name) {
      machines.push_back(*failure.what.node_name);
    }
  }
  return machines;
}

}  // namespace

std::vector<Failure> FindFailures(const Observed& observed, Instant now) {
  std::vector<Failure> failures;
  for (const NodePod* pod : observed.Pods()) {
    if (pod->Failed()) failures.push_back({DescribeFailed(*pod, now), pod});
  }
  std::ranges::stable_sort(failures, {}, [](const Failure& failure) { return failure.what.time; });
  if (failures.empty() && !observed.was_whole) return failures;
  for (const NodePod* pod : observed.Pods()) {
    if (!observed.IsMissing(pod->node) || pod->Failed()) continue;
    failures.push_back({DescribeDeleted(*pod, now), pod});
  }
  return failures;
}

Failure DescribeLost(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                     Instant now) {
  const std::int32_t node = observed.Lost().front();
  return {{StatusTime(now), node, PodKey(key, job, node).name, std::nullopt,
           std::string(reason::kPodLost), std::nullopt,
           "the pod vanished without a trace, as by a forced deletion, the loss of its node or the "
           "removal of its labels"}};
}

std::optional<std::size_t> FindRule(const api::FailurePolicy& policy, const Failure& failure) {
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    if (Fits(policy.rules[i], failure)) return i;
  }
  return std::nullopt;
}

Verdict Judge(const api::FailurePolicy& policy, const std::vector<Failure>& failures) {
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    for (const auto& failure : failures) {
      if (!Fits(policy.rules[i], failure)) continue;
      return {policy.rules[i].action, failure.what, i, Avoid(policy.rules[i], failure, failures)};
    }
  }
  for (const auto& failure : failures) {
    if (failure.pod != nullptr && FindDisruption(*failure.pod->view) != nullptr) {
      return {FailureAction::kIgnore, failure.what, 0};
    }
  }
  return {FailureAction::kRestartGroup, failures.front().what, 0};
}

}  // namespace slipway::training_job
