#include <fmt/format.h>

#include <algorithm>

#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/describe.hpp"
#include "controllers/training_job/kind.hpp"
#include "controllers/training_job/steps.hpp"
#include "operator/cli/decode.hpp"
#include "operator/cli/findings.hpp"
#include "operator/cli/fit.hpp"
#include "operator/cli/kinds.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

std::string Phase(const World& world) { return Text(world.resource, {"status", "phase"}); }

/// "kubectl logs churn-node-1-x7k2m9pq -n ml" while that pod is there.
std::string LogOf(const World& world, const std::string& pod) {
  const bool there =
      std::ranges::any_of(world.pods, [&](const json& one) { return Name(one) == pod; });
  return there ? fmt::format("kubectl logs {} -n {}", pod, world.Namespace()) : "";
}

/// A pod as the spec asks for it, as far as sizes go.
json PodSize(const World& world) {
  const json& resources = At(world.resource, {"spec", "trainer", "resourcesPerNode"});
  return {{"containers", json::array({{{"resources", resources}}})}};
}

void AddFailure(const World& world, const api::TrainingJob& job, Finding& finding) {
  if (!job.status || !job.status->last_failure) return;
  const api::NodeFailure& failure = *job.status->last_failure;
  finding.facts.push_back(
      Line(fmt::format("node {} (pod {}{}), {} ago: {}", failure.node, failure.pod_name,
                       failure.node_name ? " on machine " + *failure.node_name : "",
                       Age(failure.time, world.now), training_job::DescribeFailure(failure))));
  const std::string log = LogOf(world, failure.pod_name);
  if (!log.empty()) finding.way_out = log + "; " + finding.way_out;
}

/// Of a step that has failed the condition says all but where its log is.
void AddFailedStep(const World& world, const api::TrainingJob& job, Finding& finding) {
  if (!job.status) return;
  for (const api::StepStatus& step : job.status->steps) {
    const bool own = step.phase == api::StepPhase::kFailed && step.name != training_job::kTrainStep;
    const std::string log = own ? LogOf(world, step.pod.value_or("")) : "";
    if (!log.empty()) finding.way_out = log + "; " + finding.way_out;
  }
}

Finding Failed(const World& world, const api::TrainingJob& job) {
  Finding finding = FromCondition(world, Condition(world.resource, "Failed"));
  if (finding.way_out.empty()) finding.way_out = "correct what it says and create a new job";
  AddFailure(world, job, finding);
  AddFailedStep(world, job, finding);
  return finding;
}

std::int32_t Counted(const api::TrainingJobStatus& status) {
  return status.restarts_count_towards_max.value_or(status.restarts.value_or(0));
}

std::string Restarts(const api::TrainingJob& job) {
  const std::int32_t used = Counted(*job.status) + job.status->member_restarts.value_or(0);
  return fmt::format("{} of the {} restarts that spec.failurePolicy.maxRestarts allows {} used",
                     used, job.spec.failure_policy.max_restarts, used == 1 ? "is" : "are");
}

/// The node that failed last, if it is restarted by itself.
const api::MemberState* FindAwaited(const api::TrainingJobStatus& status) {
  const auto found = std::ranges::find_if(status.members, [&](const auto& member) {
    return member.awaited.value_or(false) && status.last_failure &&
           member.node == status.last_failure->node;
  });
  return found == status.members.end() ? nullptr : &*found;
}

Finding BackingOff(const World& world, const api::TrainingJob& job) {
  const api::MemberState* member = FindAwaited(*job.status);
  Finding finding{member == nullptr ? "a node failed, and the whole group is started again"
                                    : "a node failed, and is started again while the others go on",
                  {},
                  "",
                  ""};
  finding.way_out = "correct the program, with the job suspended, if it goes on failing";
  AddFailure(world, job, finding);
  finding.facts.push_back(Restarts(job));
  finding.waits_for = "the former pods to end, and the next ones to start";
  if (job.status->last_failure) {
    const std::int32_t restarts = member == nullptr ? Counted(*job.status) : member->restarts;
    const Instant next = training_job::RestartTime(job.spec.failure_policy, restarts,
                                                   job.status->last_failure->time);
    if (next > world.now) {
      finding.waits_for =
          fmt::format("the back-off, until {} (in {})", FormatTime(next), Span(next - world.now));
    }
  }
  return finding;
}

/// The quota's own words are in the condition; whether the whole job could ever fit is not.
Finding BarredJob(const World& world, const api::TrainingJob& job, Finding finding) {
  const bool quota = Text(Condition(world.resource, "Ready"), {"reason"}) == "QuotaExceeded";
  if (!quota) return finding;
  const auto never = WhyQuotaNeverFits(
      PodSize(world), static_cast<std::size_t>(job.spec.trainer.num_nodes), world.quotas);
  if (never.empty()) return finding;
  finding.facts.insert(finding.facts.end(), never.begin(), never.end());
  finding.waits_for.clear();
  finding.way_out =
      "waiting does not help: have the quota raised, or suspend the job, change "
      "spec.trainer.resourcesPerNode or numNodes, and resume it";
  return finding;
}

/// The operator, Kueue or the scheduler has not given it its machines.
std::optional<Finding> WaitsForRoom(const api::TrainingJob& job, bool barred) {
  if (!job.status || !job.status->pending) return std::nullopt;
  const api::PendingStatus& pending = *job.status->pending;
  // Why it cannot be made was told.
  if (barred && pending.reason == training_job::reason::kWaitingForPodGroup) return std::nullopt;
  Finding finding{"the job waits for its machines: " + Line(pending.message), {}, "", ""};
  for (const auto& one : pending.missing) {
    finding.facts.push_back(fmt::format("missing: {} {}", one.amount, one.name));
  }
  for (const auto& name : pending.blocked_by) finding.facts.push_back("served first: " + name);
  if (pending.reason == training_job::reason::kCanNeverFit) {
    finding.way_out =
        "waiting does not help: suspend the job, change spec.trainer.resourcesPerNode or numNodes, "
        "and resume it; or add nodes that are large enough";
  } else if (pending.reason == training_job::reason::kWaitingForPodGroup) {
    finding.waits_for = "the PodGroup, which the operator makes";
    finding.way_out = "none is needed, unless it stays: look at the log of the operator then";
  } else if (pending.reason == training_job::reason::kHeldByVolcano) {
    finding.waits_for = "Volcano, which lets the PodGroup into its queue";
    finding.way_out = fmt::format(
        "wait, ask for less, or have the queue made larger; kubectl describe "
        "podgroups.scheduling.volcano.sh -n {}",
        job.meta.ns);
  } else {
    finding.waits_for = "room for all of its pods at the same time";
    finding.way_out = "wait, ask for less, give it a higher priorityClassName, or add nodes";
  }
  return finding;
}

/// Of a job that is meant to run and does not.
std::vector<Finding> Waiting(const World& world, const api::TrainingJob& job) {
  std::vector<Finding> findings;
  if (auto finding = Barred(world)) findings.push_back(BarredJob(world, job, std::move(*finding)));
  auto room = WaitsForRoom(job, !findings.empty());
  // What the scheduler says of pods that it may not place says nothing.
  if (room) {
    findings.push_back(std::move(*room));
  } else {
    for (Finding& finding : PodFindings(world, PodsOf(world))) {
      findings.push_back(std::move(finding));
    }
  }
  if (Phase(world) == "Restarting" && job.status) findings.push_back(BackingOff(world, job));
  if (Holds(world.resource, "NodeMissing")) {
    findings.push_back(FromCondition(world, Condition(world.resource, "NodeMissing")));
    findings.back().waits_for =
        job.spec.elastic_policy
            ? "nothing for long: the group goes on without it, or is restarted, if it stays so"
            : "nothing for long: the group is restarted if it stays so";
  }
  if (Holds(world.resource, "NoProgress")) {
    findings.push_back(FromCondition(world, Condition(world.resource, "NoProgress")));
    findings.back().waits_for = "a report, or the restart";
  }
  return findings;
}

void NoteCheckpoint(const World& world, std::vector<std::string>& notes) {
  const json& fresh = Condition(world.resource, "CheckpointFresh");
  if (Text(fresh, {"status"}) == "False") notes.push_back(Line(Text(fresh, {"message"})));
}

/// An elastic group runs also when it is not as large as it shall be.
void NoteSize(const api::TrainingJob& job, std::vector<std::string>& notes) {
  if (!job.spec.elastic_policy || !job.status || !job.status->elastic) return;
  const api::ElasticStatus& elastic = *job.status->elastic;
  if (elastic.nodes >= job.spec.trainer.num_nodes) return;
  notes.push_back(
      fmt::format("it runs on {} of {} nodes since {} ({}), and takes in more as soon as "
                  "there is room",
                  elastic.nodes, job.spec.trainer.num_nodes, FormatTime(elastic.since),
                  ToString(elastic.reason)));
}

void NoteRestarts(const World& world, const api::TrainingJob& job,
                  std::vector<std::string>& notes) {
  if (!job.status || !job.status->last_failure) return;
  if (job.status->restarts.value_or(0) + job.status->member_restarts.value_or(0) == 0) return;
  Finding last;
  AddFailure(world, job, last);
  notes.push_back(Restarts(job) + "; the last failure: " + last.facts.front());
}

}  // namespace

std::vector<Finding> JobFindings(const World& world, std::vector<std::string>& notes) {
  if (Holds(world.resource, "Complete")) return {};
  const bool failed = Holds(world.resource, "Failed");
  if (!failed) {
    if (auto finding = Unobserved(world)) return {std::move(*finding)};
    if (auto finding = Suspended(world)) return {std::move(*finding)};
    if (Holds(world.resource, "Stalled")) {
      return {FromCondition(world, Condition(world.resource, "Stalled"))};
    }
  }
  const auto job = DecodeAs(training_job::kTrainingJobs, world.resource);
  if (!job) {
    return {{Line("this version cannot read it: " + job.error().message),
             {},
             "",
             "use the program of the version of the CRDs"}};
  }
  if (failed) return {Failed(world, *job)};
  auto findings = Waiting(world, *job);
  const std::string phase = Phase(world);
  const bool runs = phase == "Running" || phase == "Preparing" || phase == "Evaluating";
  if (findings.empty() && !runs) findings.push_back(Unexplained(world));
  if (Phase(world) != "Restarting") NoteRestarts(world, *job, notes);
  NoteCheckpoint(world, notes);
  NoteSize(*job, notes);
  return findings;
}

}  // namespace slipway::cli
