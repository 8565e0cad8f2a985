#include "controllers/training_job/describe.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/pod_state.hpp"
#include "controllers/training_job/plan.hpp"

namespace slipway::training_job {
namespace {

using Phase = api::TrainingJobPhase;

Account Say(Phase phase, std::string message) {
  return {phase, std::string(ToString(phase)), std::move(message)};
}

std::string Count(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

std::string DescribeStuck(const NodePod& pod) {
  return fmt::format(
      "; node {} does not confirm the end of pod {}: if the machine is gone for "
      "good, delete its Node or taint it node.kubernetes.io/out-of-service",
      pod.view->node_name, pod.key->name);
}

/// "waiting for 2 pods of ... to end", with advice about the first that does not.
std::string DescribeEnding(const std::vector<const NodePod*>& pods, std::string_view whose,
                           Instant now) {
  std::string text = fmt::format("waiting for {} of {} to end", Count(pods.size(), "pod"), whose);
  const auto stuck = std::ranges::find_if(pods, [&](auto* pod) { return IsStuck(*pod, now); });
  if (stuck != pods.end()) text += DescribeStuck(**stuck);
  return text;
}

/// The first node, by rank, that is kept from starting.
std::optional<Account> DescribeBlocked(const Observed& observed, Phase phase) {
  for (const NodePod* pod : observed.Pods()) {
    if (!pod->Active()) continue;
    if (auto problem = WhyNotStarting(*pod->view)) {
      return Account{phase, std::move(problem->reason),
                     fmt::format("node {} (pod {}) does not start: {}", pod->node, pod->key->name,
                                 problem->message)};
    }
  }
  return std::nullopt;
}

std::string RestartText(const api::TrainingJob& job, const Observed& observed) {
  std::string text =
      fmt::format("restart {} of {}", observed.attempt, job.spec.failure_policy.max_restarts);
  if (const auto& failure = observed.record.last_failure) {
    text += fmt::format(" after node {} failed: {}", failure->node, DescribeFailure(*failure));
  }
  return text;
}

/// Before all pods of the attempt exist.
Account DescribeGathering(const api::TrainingJob& job, const Observed& observed, Instant now) {
  const Phase phase = observed.attempt == 0 ? Phase::kPending : Phase::kRestarting;
  const std::string prefix = observed.attempt == 0 ? "" : RestartText(job, observed) + "; ";
  const auto in_the_way = InTheWay(observed);
  if (!in_the_way.empty()) {
    return Say(phase, prefix + DescribeEnding(in_the_way, "the earlier attempt", now));
  }
  const auto restart_time = RestartTime(job, observed);
  if (restart_time && now < *restart_time) {
    return Say(phase, prefix + "it begins at " + FormatTime(*restart_time));
  }
  if (auto blocked = DescribeBlocked(observed, phase)) return *blocked;
  const auto pods = Count(static_cast<std::size_t>(observed.num_nodes), "pod");
  return Say(phase, prefix + "creating " + pods);
}

Account DescribeWhole(const Observed& observed) {
  const auto pods = observed.Pods();
  const auto running = std::ranges::count_if(pods, [](auto* pod) { return pod->Running(); });
  if (running + observed.succeeded < observed.num_nodes) {
    if (auto blocked = DescribeBlocked(observed, Phase::kStarting)) return *blocked;
    return Say(
        Phase::kStarting,
        fmt::format("{} of {} run; waiting for the others to start", running + observed.succeeded,
                    Count(static_cast<std::size_t>(observed.num_nodes), "node")));
  }
  if (observed.succeeded == 0) {
    return Say(Phase::kRunning,
               fmt::format("{} {}", Count(static_cast<std::size_t>(observed.num_nodes), "node"),
                           observed.num_nodes == 1 ? "runs" : "run"));
  }
  return Say(Phase::kRunning, fmt::format("{} of {} nodes have succeeded; waiting for the others",
                                          observed.succeeded, observed.num_nodes));
}

Account DescribeSuspended(const api::TrainingJob& job, const Observed& observed, Instant now) {
  if (observed.record.suspended && observed.AnyPods()) {
    std::vector<const NodePod*> pods = observed.Pods();
    for (const auto& pod : observed.leftovers) pods.push_back(&pod);
    const std::string_view whose =
        job.spec.suspend ? "the suspended group" : "the suspended group before the job resumes";
    return Say(Phase::kSuspended, DescribeEnding(pods, whose, now));
  }
  return Say(Phase::kSuspended, "set spec.suspend to false to start the job");
}

std::string DescribeSuccess(const api::TrainingJob& job) {
  if (job.spec.trainer.num_nodes == 1) return "the node has succeeded";
  const bool only_first = job.spec.framework == api::Framework::kMPI;
  return only_first ? "mpirun on node 0 has succeeded" : "all nodes have succeeded";
}

Account DescribeRestart(const api::TrainingJob& job, const api::NodeFailure& failure,
                        std::int32_t attempt) {
  return Say(Phase::kRestarting, fmt::format("restart {} of {} after node {} failed: {}",
                                             attempt + 1, job.spec.failure_policy.max_restarts,
                                             failure.node, DescribeFailure(failure)));
}

}  // namespace

std::string DescribeFailure(const api::NodeFailure& failure) {
  std::string text = failure.reason;
  if (failure.exit_code) text += fmt::format(" (exit code {})", *failure.exit_code);
  if (!failure.message.empty()) text += ": " + failure.message;
  return text;
}

Account Describe(const api::TrainingJob& job, const Observed& observed, const Decision& decision,
                 Instant now) {
  switch (decision.step) {
    case Step::kComplete:
    case Step::kFinished: return Say(Phase::kComplete, DescribeSuccess(job));
    case Step::kFail: return {Phase::kFailed, decision.problem->reason, decision.problem->message};
    case Step::kStall:
      return {Phase::kPending, decision.problem->reason, decision.problem->message};
    case Step::kSuspend: return DescribeSuspended(job, observed, now);
    case Step::kResume: return Say(Phase::kPending, "the job resumes");
    case Step::kRestart: return DescribeRestart(job, *decision.failure, observed.attempt);
    case Step::kConfirmLoss:
      return {Phase::kRunning, std::string(reason::kPodLost),
              fmt::format("{} vanished; the group is restarted if that is still so in {} s",
                          Count(static_cast<std::size_t>(observed.missing), "pod"),
                          kLossConfirmation.count())};
    case Step::kRun: break;
  }
  const bool whole = observed.was_whole || (observed.leftovers.empty() && observed.missing == 0);
  return whole ? DescribeWhole(observed) : DescribeGathering(job, observed, now);
}

}  // namespace slipway::training_job
