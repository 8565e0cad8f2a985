#include "controllers/training_job/describe.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/elastic.hpp"
#include "controllers/training_job/gang_status.hpp"
#include "controllers/training_job/members.hpp"
#include "controllers/training_job/plan.hpp"
#include "controllers/training_job/steps_status.hpp"

namespace slipway::training_job {
namespace {

using Phase = api::TrainingJobPhase;

/// So much of a program's last words fits into a message beside what is said about them.
constexpr std::size_t kQuotedWords = 700;

std::string Count(std::size_t count, std::string_view thing) {
  return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

/// Advice about the first pod that does not end, or nothing: that others are waited for is not
/// worth a write of the status.
std::string DescribeStuck(const Observed& observed, Instant now) {
  const auto pods = InTheWay(observed);
  const auto stuck = std::ranges::find_if(pods, [&](auto* pod) { return IsStuck(*pod, now); });
  if (stuck == pods.end()) return "";
  if (IsKeptByKueue(**stuck)) {
    return fmt::format(
        "; waiting for pod {}, which has ended, but which Kueue keeps by the finalizer "
        "kueue.x-k8s.io/managed: see that Kueue runs, or, if it is gone for good, take that away",
        (*stuck)->key->name);
  }
  return fmt::format(
      "; waiting for pod {}, whose end node {} does not confirm: if the machine is "
      "gone for good, delete its Node or taint it node.kubernetes.io/out-of-service",
      (*stuck)->key->name, (*stuck)->view->node_name);
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

/// The same text from the moment the restart is decided until all pods exist again.
std::string DescribeRestart(const api::TrainingJob& job, std::int32_t number, std::int32_t counted,
                            std::int32_t of_members,
                            const std::optional<api::NodeFailure>& failure) {
  const api::FailurePolicy& policy = job.spec.failure_policy;
  std::string text = counted == number
                         ? fmt::format("restart {} of {}", number, policy.max_restarts)
                         : fmt::format("restart {}, of which {} count towards the limit of {}",
                                       number, counted, policy.max_restarts);
  if (of_members > 0) text += fmt::format(", to which {} of single nodes count too", of_members);
  if (!failure) return text;
  return text + fmt::format(", not before {}: node {} failed with {}",
                            FormatTime(RestartTime(policy, counted, failure->time)), failure->node,
                            DescribeFailure(*failure));
}

/// Before all pods of the attempt exist.
Account DescribeGathering(const api::TrainingJob& job, const Observed& observed, Instant now) {
  const bool first = observed.Restarts() == 0;
  const Phase phase = first ? Phase::kPending : Phase::kRestarting;
  if (auto blocked = DescribeBlocked(observed, phase)) return *blocked;
  const std::string text =
      first ? "creating " + Count(static_cast<std::size_t>(observed.num_nodes), "pod")
            : DescribeRestart(job, observed.Restarts(), observed.counted, observed.member_restarts,
                              observed.record.last_failure);
  return Say(phase, text + DescribeStuck(observed, now));
}

Account DescribeWhole(const Observed& observed) {
  const auto pods = observed.Pods();
  const std::int32_t all = observed.num_nodes;
  const std::int32_t succeeded = observed.CountSucceeded();
  const auto running = std::ranges::count_if(pods, [](auto* pod) { return pod->Running(); });
  if (running + succeeded < all) {
    if (auto blocked = DescribeBlocked(observed, Phase::kStarting)) return *blocked;
    return Say(Phase::kStarting,
               fmt::format("waiting for the containers of {} of {} nodes to start",
                           all - running - succeeded, all));
  }
  if (succeeded > 0) {
    return Say(Phase::kRunning, fmt::format("{} of {} nodes have succeeded; waiting for the others",
                                            succeeded, all));
  }
  return Say(Phase::kRunning, all == 1 ? "the node runs" : fmt::format("all {} nodes run", all));
}

Account DescribeSuspended(const api::TrainingJob& job, const Observed& observed, Instant now) {
  const std::string text = job.spec.suspend
                               ? "set spec.suspend to false to start the job"
                               : "the job resumes when all pods of the suspended group have ended";
  return Say(Phase::kSuspended, text + DescribeStuck(observed, now));
}

std::string DescribeSuccess(const api::TrainingJob& job) {
  if (job.spec.trainer.num_nodes == 1) return "the node has succeeded";
  const bool only_first = job.spec.framework == api::Framework::kMPI;
  return only_first ? "mpirun on node 0 has succeeded" : "all nodes have succeeded";
}

}  // namespace

Account Say(Phase phase, std::string message) {
  return {phase, std::string(ToString(phase)), std::move(message)};
}

std::string DescribeFailure(const api::NodeFailure& failure) {
  std::string text = failure.reason;
  if (failure.exit_code) text += fmt::format(" (exit code {})", *failure.exit_code);
  if (!failure.message.empty()) text += ": " + LastWords(failure.message, kQuotedWords);
  return text;
}

Account Describe(const api::TrainingJob& job, const Observed& observed, const Decision& decision,
                 Instant now) {
  if (auto step = DescribeStep(job, observed, decision, now)) {
    step->message += DescribeStuck(observed, now);
    return *std::move(step);
  }
  switch (decision.step) {
    case Step::kComplete:
    case Step::kFinished: return Say(Phase::kComplete, DescribeSuccess(job));
    case Step::kFail: return {Phase::kFailed, decision.problem->reason, decision.problem->message};
    case Step::kStall:
      return {Phase::kPending, decision.problem->reason, decision.problem->message};
    case Step::kSuspend: return DescribeSuspended(job, observed, now);
    case Step::kPin:
    case Step::kReplace:
    case Step::kResume: return DescribeGathering(job, observed, now);
    case Step::kRequeue: return DescribeRequeue(job, observed, now);
    case Step::kRestart:
      return Say(Phase::kRestarting,
                 DescribeRestart(job, observed.Restarts() + 1,
                                 observed.counted + (decision.verdict->Counts() ? 1 : 0),
                                 observed.member_restarts, decision.verdict->failure));
    case Step::kShrink:
    case Step::kResize:
    case Step::kRestartMember: break;
    case Step::kConfirmLoss:
      return {Phase::kRunning, std::string(reason::kPodLost),
              fmt::format("{} vanished; the group {} if that is still so in {} s",
                          Count(observed.Lost().size(), "pod"),
                          RunsEnough(observed) ? "goes on without" : "is restarted",
                          kLossConfirmation.count())};
    case Step::kRunStep:
    case Step::kRetryStep:
    case Step::kRun: break;
  }
  if (auto members = DescribeMembers(job, observed, decision); !members.empty()) {
    return Say(Phase::kRestarting, members + DescribeStuck(observed, now));
  }
  if (auto elastic = DescribeElastic(job, observed, decision, now)) {
    elastic->message += DescribeStuck(observed, now);
    return *std::move(elastic);
  }
  const bool whole = observed.was_whole || observed.CountMissing() == 0;
  return whole ? DescribeWhole(observed) : DescribeGathering(job, observed, now);
}

}  // namespace slipway::training_job
