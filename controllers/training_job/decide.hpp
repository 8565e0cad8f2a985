#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/training_job/failure_policy.hpp"
#include "controllers/training_job/observe.hpp"

/// The life of a job, as one decision per pass.
///
///                   +-> Suspend <-> Resume -+
///                   |                       v
///   (new) -- Pin --- Run ------------------ Run ---> Complete --> Finished
///                   |  ^                            (clean up, then delete after the TTL)
///                   v  |                    +-> Fail ----^
///   ConfirmLoss/Restart/RestartMember/Replace/Shrink/Resize
///
/// A decision that destroys something is recorded in the status by one pass and carried out by a
/// later one, which sees it there (`Record`). So after a crash between the two the next pass knows
/// what was going on, and nothing is counted twice.
namespace slipway::training_job {

enum class Step {
  kFinished,       ///< Recorded as over: clean up, then wait for the TTL.
  kComplete,       ///< All nodes have succeeded: record it.
  kFail,           ///< The job has failed for good: record it.
  kSuspend,        ///< The user wants no pods: record it; once recorded, delete them.
  kResume,         ///< The pods of the suspended group are gone: record the new start.
  kReplace,        ///< The pods are of a former trainer: record that they do not count.
  kStall,          ///< The spec can never work: create nothing.
  kPin,            ///< What the runtime says now is for this start: record it.
  kRequeue,        ///< Not all pods were placed in time: record that the group waits anew.
  kRestart,        ///< A node failed: record the next attempt.
  kRestartMember,  ///< A node failed that is restarted by itself: record that.
  kRunStep,        ///< A step before or after the training is due: make its pod, or wait for it.
  kRetryStep,      ///< It failed and is to be run again: record it.
  kShrink,         ///< Nodes are lost that an elastic group can do without: record it.
  kResize,         ///< The number of nodes of an elastic job was changed: record it.
  kConfirmLoss,    ///< A pod is missing without a trace: wait whether it is only late.
  kRun,            ///< Remove what is left of earlier groups, then create what is missing.
};

/// Suspended or about to start anew: whatever pods are left no longer count.
constexpr bool IsBetweenAttempts(Step step) {
  return step == Step::kSuspend || step == Step::kRestart || step == Step::kResume ||
         step == Step::kReplace || step == Step::kRequeue;
}

struct Decision {
  Step step = Step::kRun;
  /// With kFail and kStall: why, for conditions and Events.
  std::optional<Problem> problem;
  /// With kRestart and kRestartMember, with kShrink after a failure, and with kFail when a node was
  /// the cause.
  std::optional<Verdict> verdict;
  /// With kShrink: the nodes that the group goes on without, in order.
  std::vector<std::int32_t> nodes{};
};

/// How long a pod must be missing before its group is restarted. A replica that has just become
/// leader may know the job's status before it knows all of its pods.
inline constexpr std::chrono::seconds kLossConfirmation{10};

Decision Decide(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                Instant now);

/// When an attempt after the first may start: backoffSeconds after the failure before it, doubled
/// with each restart that counts after the first, up to six minutes, where batch/v1 Job stops too.
Instant RestartTime(const api::FailurePolicy& policy, std::int32_t counted, Instant failed);
/// The same for the attempt that counts; nullopt for the first, and when the failure lies ahead.
std::optional<Instant> RestartTime(const api::TrainingJob& job, const Observed& observed,
                                   Instant now);

/// When activeDeadlineSeconds is over; nullopt when there is no deadline or the job has not begun.
std::optional<Instant> Deadline(const api::TrainingJob& job, const Observed& observed);

/// What must be gone before a pod of this group may be created: the leftovers, and pods of this
/// group that somebody has deleted and whose names are still taken.
std::vector<const NodePod*> InTheWay(const Observed& observed);

}  // namespace slipway::training_job
