#pragma once

#include <cstdint>
#include <optional>

#include "controllers/training_job/kind.hpp"
#include "operator/kube/workloads.hpp"

/// Whose turn it is: the room on the machines, and the jobs that want it.
namespace slipway::training_job {

/// How a job stands that has all of its pods and has been given no room.
struct Standing {
  bool fits = false;
  std::optional<api::PendingStatus> pending;  ///< Unless it fits.
};

/// Whether `count` pods such as `pod` fit beside all that holds room or was promised it. Unless it
/// is asked to `confirm` a promise of its own, also beside the jobs before it: those of higher
/// priority, and of equal priority those that are older. One of them that does not fit anyway is
/// passed over, and told so.
Standing JudgeRoom(const api::TrainingJob& job, const PodView& pod, std::int32_t count,
                   bool confirm, const Snapshot& world);

}  // namespace slipway::training_job
