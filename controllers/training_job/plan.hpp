#pragma once

#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/observe.hpp"
#include "operator/run/plan.hpp"

namespace slipway::training_job {

/// What to write for a decision, and when to look again. Steps that only record something
/// (complete, fail, resume, restart, replace, a suspension not yet recorded) write nothing here:
/// their status is written, and the pass that sees it acts.
Plan MakePlan(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
              const Decision& decision, Instant now);

/// A pod that still exists so long after it should be gone sits on a node that does not answer.
inline constexpr std::chrono::seconds kStuckAfter{60};
inline bool IsStuck(const NodePod& pod, Instant now) {
  return pod.Ending() && now >= *pod.meta->deleted + kStuckAfter;
}

}  // namespace slipway::training_job
