#include "controllers/training_job/decide.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/status.hpp"
#include "controllers/training_job/describe.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/elastic.hpp"
#include "controllers/training_job/machines.hpp"
#include "controllers/training_job/stall.hpp"
#include "controllers/training_job/steps_decide.hpp"
#include "controllers/training_job/steps_observe.hpp"

namespace slipway::training_job {
namespace {

using std::chrono::seconds;

constexpr seconds kLongestBackoff{360};

std::string NameFailed(const api::NodeFailure& failure) {
  return fmt::format("node {} (pod {}) failed with {}", failure.node, failure.pod_name,
                     DescribeFailure(failure));
}

std::string DescribeExhausted(const api::NodeFailure& failure, std::int32_t restarts) {
  const std::string limit =
      restarts == 0
          ? "spec.failurePolicy.maxRestarts allows no restart"
          : fmt::format("all {} restarts of spec.failurePolicy.maxRestarts are used", restarts);
  return fmt::format("{}; {}", limit, NameFailed(failure));
}

Decision FailBecause(std::string_view reason, std::string message, Verdict verdict) {
  return {Step::kFail, Problem{std::string(reason), std::move(message), true}, std::move(verdict)};
}

Decision AfterFailure(const api::TrainingJob& job, const Observed& observed,
                      const std::vector<Failure>& failures) {
  if (auto smaller = GoOnWithout(job, observed, failures)) return *std::move(smaller);
  const api::FailurePolicy& policy = job.spec.failure_policy;
  Verdict verdict = Judge(policy, failures);
  if (verdict.action == api::FailureAction::kFailJob) {
    std::string message = fmt::format("spec.failurePolicy.rules[{}] fails the job: {}",
                                      verdict.rule, NameFailed(verdict.failure));
    return FailBecause(reason::kFailurePolicy, std::move(message), std::move(verdict));
  }
  if (verdict.Counts() && observed.Used() >= policy.max_restarts) {
    std::string message = DescribeExhausted(verdict.failure, observed.Used());
    return FailBecause(reason::kBackoffLimitExceeded, std::move(message), std::move(verdict));
  }
  if (verdict.action == api::FailureAction::kRestartMember) {
    return {Step::kRestartMember, std::nullopt, std::move(verdict)};
  }
  return {Step::kRestart, std::nullopt, std::move(verdict)};
}

Problem DescribeDeadline(const api::TrainingJob& job) {
  return {std::string(reason::kDeadlineExceeded),
          fmt::format("the job was still running {} s after its start, which is "
                      "spec.activeDeadlineSeconds; create it again with more time",
                      job.spec.active_deadline_seconds.value_or(0)),
          true};
}

/// Of a job that is meant to run.
Decision DecideRunning(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                       Instant now) {
  if (observed.runtime_problem) return {Step::kStall, observed.runtime_problem, std::nullopt};
  // Before anything is concluded from the record, or from a clock that began with the former group.
  if (observed.outdated && observed.record.CountsAny()) return {Step::kReplace, {}, {}};
  if (observed.steps.changed) return {Step::kResume, {}, {}};
  if (auto problem = WhyImpossible(job)) return {Step::kStall, std::move(problem), std::nullopt};
  if (auto problem = WhyUnwatched(job, observed)) return {Step::kStall, std::move(problem), {}};
  if (observed.runtime_unrecorded) return {Step::kPin, {}, {}};
  const auto deadline = Deadline(job, observed);
  if (deadline && now >= *deadline) return {Step::kFail, DescribeDeadline(job), std::nullopt};
  if (auto step = DecideStep(observed)) return *std::move(step);
  if (WasNeverPlaced(job, observed, now)) return {Step::kRequeue, {}, {}};
  if (auto fewer = GiveUpLatecomers(observed)) return *std::move(fewer);
  std::vector<Failure> failures = FindFailures(observed, now);
  AddMachines(job.spec.failure_policy, observed, now, failures);
  if (!failures.empty()) return AfterFailure(job, observed, failures);
  if (auto stall = DescribeStall(job, observed, now)) {
    return AfterFailure(job, observed, {std::move(*stall)});
  }
  if (!observed.was_whole || observed.Lost().empty()) {
    return ChangeSize(observed).value_or(Decision{});
  }
  const auto& since = observed.record.missing_since;
  const bool waits = !since || (now < *since + kLossConfirmation && !IsAhead(*since, now));
  if (waits) return {Step::kConfirmLoss, {}, {}};
  return AfterFailure(job, observed, {DescribeLost(key, job, observed, now)});
}

}  // namespace

Decision Decide(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                Instant now) {
  if (observed.record.finished) return {Step::kFinished, {}, {}};
  if (observed.record.suspended) {
    // A group of which some pods were deleted already cannot go on: all must go first. Nor does it
    // count as success when its programs end with 0 because they are told to stop.
    if (job.spec.suspend || observed.AnyPods()) return {Step::kSuspend, {}, {}};
    if (observed.runtime_problem) return {Step::kStall, observed.runtime_problem, std::nullopt};
    return {Step::kResume, {}, {}};
  }
  const bool evaluated = !observed.steps.evaluation || observed.steps.evaluation->done;
  if (HasTrained(job, observed) && evaluated) return {Step::kComplete, {}, {}};
  if (job.spec.suspend) return {Step::kSuspend, {}, {}};
  return DecideRunning(key, job, observed, now);
}

Instant RestartTime(const api::FailurePolicy& policy, std::int32_t counted, Instant failed) {
  const seconds first{policy.backoff_seconds};
  const seconds longest = std::max(first, kLongestBackoff);
  seconds delay = first;
  for (std::int32_t i = 1; i < counted && delay < longest; ++i) delay *= 2;
  return failed + std::min(delay, longest);
}

std::optional<Instant> RestartTime(const api::TrainingJob& job, const Observed& observed,
                                   Instant now) {
  const auto requeued = RequeueTime(job, now);
  const auto& failure = observed.record.last_failure;
  if (observed.Restarts() == 0 || !failure || IsAhead(failure->time, now)) return requeued;
  return std::max(requeued, std::optional(RestartTime(job.spec.failure_policy, observed.counted,
                                                      failure->time)));
}

std::optional<Instant> Deadline(const api::TrainingJob& job, const Observed& observed) {
  if (!job.spec.active_deadline_seconds || !observed.record.start_time) return std::nullopt;
  return *observed.record.start_time + seconds(*job.spec.active_deadline_seconds);
}

std::vector<const NodePod*> InTheWay(const Observed& observed) {
  std::vector<const NodePod*> pods;
  for (const auto& pod : observed.leftovers) pods.push_back(&pod);
  for (const NodePod* pod : observed.Pods()) {
    if (observed.IsMissing(pod->node)) pods.push_back(pod);
  }
  for (const NodePod* pod : observed.StepPods()) {
    if (pod->Ending()) pods.push_back(pod);
  }
  return pods;
}

}  // namespace slipway::training_job
