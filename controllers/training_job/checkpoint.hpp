#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "controllers/common/conditions.hpp"
#include "controllers/common/pods.hpp"
#include "controllers/training_job/observe.hpp"

/// The contract about checkpoints, spec.checkpoint: the operator mounts the folder, says in the
/// environment where it is and what is expected, leaves time to save when a pod ends, and tells how
/// old the newest checkpoint is. The program saves, cleans up and resumes.
namespace slipway::training_job {

/// The folder and what the program is told of it. Nothing for a job without spec.checkpoint.
void AddCheckpoint(const api::TrainingJob& job, PodPlan& plan);

/// Gives a pod at least the time that spec.checkpoint grants for the last save.
void GrantGrace(const api::TrainingJob& job, nlohmann::json& pod_spec);

/// Since when the group has run whole, as far as node 0 could report since then; nothing when it
/// does not, or cannot report.
std::optional<Instant> ReportsSince(const Observed& observed, Instant now);

/// Whether the newest checkpoint is recent enough, and until when.
struct Freshness {
  bool fresh = false;
  std::string_view reason;
  std::string message;
  std::optional<Instant> until;  ///< When it is no longer, if nothing comes in before.
};
/// Nothing for a job without spec.checkpoint, or whose nodes do not all run.
std::optional<Freshness> JudgeCheckpoint(const api::TrainingJob& job, const Observed& observed,
                                         Instant now);
/// The same as condition CheckpointFresh.
void SetCheckpointFresh(const std::optional<Freshness>& freshness, ConditionWriter& conditions);

}  // namespace slipway::training_job
