#include "controllers/training_job/decide.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"
#include "controllers/training_job/describe.hpp"
#include "controllers/training_job/desired.hpp"

namespace slipway::training_job {
namespace {

using std::chrono::seconds;

constexpr seconds kLongestBackoff{360};

bool AllSucceeded(const api::TrainingJob& job, const Observed& observed) {
  // mpirun on node 0 returns when the ranks on all nodes have; the others only serve it.
  if (job.spec.framework == api::Framework::kMPI) return observed.succeeded.at(0);
  return observed.CountSucceeded() == observed.num_nodes;
}

api::NodeFailure DescribeFailed(const NodePod& pod, Instant now) {
  PodEnd end = DescribeEnd(*pod.view);
  return {StatusTime(end.time.value_or(now)),
          pod.node,
          pod.key->name,
          std::move(end.reason),
          end.exit_code,
          std::move(end.message)};
}

api::NodeFailure DescribeDeleted(const NodePod& pod, Instant now) {
  return {StatusTime(now),
          pod.node,
          pod.key->name,
          std::string(reason::kPodDeleted),
          std::nullopt,
          fmt::format("the pod was deleted while it ran on {}; a drain, a preemption or a user did "
                      "that, not this operator",
                      pod.view->node_name.empty() ? "no node yet" : pod.view->node_name)};
}

/// The failure that started it: of several failed pods the one that ended first, since the others
/// usually fail because of it.
std::optional<api::NodeFailure> FirstFailed(const Observed& observed, Instant now) {
  std::optional<api::NodeFailure> first;
  for (const NodePod* pod : observed.Pods()) {
    if (!pod->Failed()) continue;
    api::NodeFailure failure = DescribeFailed(*pod, now);
    if (!first || failure.time < first->time) first = std::move(failure);
  }
  return first;
}

bool IsMissing(const Observed& observed, const NodePod& pod) {
  return observed.missing[static_cast<std::size_t>(pod.node)];
}

std::optional<api::NodeFailure> FirstDeleted(const Observed& observed, Instant now) {
  for (const NodePod* pod : observed.Pods()) {
    if (IsMissing(observed, *pod)) return DescribeDeleted(*pod, now);
  }
  return std::nullopt;
}

api::NodeFailure DescribeLost(const ObjectKey& key, const api::TrainingJob& job,
                              const Observed& observed, Instant now) {
  const auto first = std::ranges::find(observed.missing, true);
  const auto node = static_cast<std::int32_t>(first - observed.missing.begin());
  return {StatusTime(now),
          node,
          PodKey(key, job, node).name,
          std::string(reason::kPodLost),
          std::nullopt,
          "the pod vanished without a trace, as by a forced deletion, the loss of its node or the "
          "removal of its labels"};
}

std::string DescribeExhausted(const api::NodeFailure& failure, std::int32_t restarts) {
  const std::string limit =
      restarts == 0
          ? "spec.failurePolicy.maxRestarts allows no restart"
          : fmt::format("all {} restarts of spec.failurePolicy.maxRestarts are used", restarts);
  return fmt::format("{}; node {} (pod {}) failed with {}", limit, failure.node, failure.pod_name,
                     DescribeFailure(failure));
}

Decision AfterFailure(const api::TrainingJob& job, const Observed& observed,
                      api::NodeFailure failure) {
  if (observed.attempt < job.spec.failure_policy.max_restarts) {
    return {Step::kRestart, std::nullopt, std::move(failure)};
  }
  Problem problem{std::string(reason::kBackoffLimitExceeded),
                  DescribeExhausted(failure, observed.attempt), true};
  return {Step::kFail, std::move(problem), std::move(failure)};
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
  // Before anything is concluded from the record, or from a clock that began with the former group.
  if (observed.outdated && observed.record.CountsAny()) return {Step::kReplace, {}, {}};
  if (auto problem = WhyImpossible(job)) return {Step::kStall, std::move(problem), std::nullopt};
  const auto deadline = Deadline(job, observed);
  if (deadline && now >= *deadline) return {Step::kFail, DescribeDeadline(job), std::nullopt};
  if (auto failure = FirstFailed(observed, now)) {
    return AfterFailure(job, observed, std::move(*failure));
  }
  if (!observed.was_whole || observed.CountMissing() == 0) return {};
  if (auto failure = FirstDeleted(observed, now)) {
    return AfterFailure(job, observed, std::move(*failure));
  }
  const auto& since = observed.record.missing_since;
  if (!since || now < *since + kLossConfirmation) return {Step::kConfirmLoss, {}, {}};
  return AfterFailure(job, observed, DescribeLost(key, job, observed, now));
}

}  // namespace

Decision Decide(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                Instant now) {
  if (observed.record.finished) return {Step::kFinished, {}, {}};
  if (observed.record.suspended) {
    // A group of which some pods were deleted already cannot go on: all must go first. Nor does it
    // count as success when its programs end with 0 because they are told to stop.
    const bool wait = job.spec.suspend || observed.AnyPods();
    return {wait ? Step::kSuspend : Step::kResume, {}, {}};
  }
  if (AllSucceeded(job, observed)) return {Step::kComplete, {}, {}};
  if (job.spec.suspend) return {Step::kSuspend, {}, {}};
  return DecideRunning(key, job, observed, now);
}

Instant RestartTime(const api::FailurePolicy& policy, std::int32_t attempt, Instant failed) {
  const seconds first{policy.backoff_seconds};
  const seconds longest = std::max(first, kLongestBackoff);
  seconds delay = first;
  for (std::int32_t i = 1; i < attempt && delay < longest; ++i) delay *= 2;
  return failed + std::min(delay, longest);
}

std::optional<Instant> RestartTime(const api::TrainingJob& job, const Observed& observed) {
  const auto& failure = observed.record.last_failure;
  if (observed.attempt == 0 || !failure) return std::nullopt;
  return RestartTime(job.spec.failure_policy, observed.attempt, failure->time);
}

std::optional<Instant> Deadline(const api::TrainingJob& job, const Observed& observed) {
  if (!job.spec.active_deadline_seconds || !observed.record.start_time) return std::nullopt;
  return *observed.record.start_time + seconds(*job.spec.active_deadline_seconds);
}

std::vector<const NodePod*> InTheWay(const Observed& observed) {
  std::vector<const NodePod*> pods;
  for (const auto& pod : observed.leftovers) pods.push_back(&pod);
  for (const NodePod* pod : observed.Pods()) {
    if (IsMissing(observed, *pod)) pods.push_back(pod);
  }
  return pods;
}

}  // namespace slipway::training_job
