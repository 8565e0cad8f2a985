#pragma once

#include <optional>
#include <string>

#include "controllers/common/conditions.hpp"
#include "controllers/common/failures.hpp"
#include "controllers/training_job/failure_policy.hpp"
#include "controllers/training_job/observe.hpp"

/// A group that runs and does not report any more, spec.failurePolicy.stallTimeoutSeconds.
///
/// Reports are lost while no replica takes them, so silence alone proves nothing: it is recorded
/// when three quarters of the time are over, and a group is restarted no sooner than a quarter of
/// it after that. In that time reports come in again, if there are any.
namespace slipway::training_job {

struct Silence {
  Instant since;       ///< The last report, or when all nodes began to run.
  bool any = false;    ///< Whether this group has reported at all.
  bool told = false;   ///< Long enough to be told.
  Instant restart_at;  ///< When the group is restarted if nothing comes in.
  Instant wake_at;     ///< When to look again.
};

/// Nothing for a job without the time-out, and of a group that is not watched: because not all
/// nodes run, node 0 has succeeded, or cannot report.
std::optional<Silence> FindSilence(const api::TrainingJob& job, const Observed& observed,
                                   Instant now);

/// The failure of a group that is silent for too long; nothing otherwise.
std::optional<Failure> DescribeStall(const api::TrainingJob& job, const Observed& observed,
                                     Instant now);

/// Why the time-out cannot be kept at all.
std::optional<Problem> WhyUnwatched(const api::TrainingJob& job, const Observed& observed);

/// Present while the group is about to be restarted.
void SetNoProgress(const std::optional<Silence>& silence, ConditionWriter& conditions);

}  // namespace slipway::training_job
