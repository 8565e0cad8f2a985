#pragma once

#include <vector>

#include "controllers/common/pods.hpp"

namespace slipway::training_job {

/// Tells the program what its job was started for, when that is data or a commit: the variables
/// SLIPWAY_TRIGGER_CAUSE and SLIPWAY_TRIGGER_REVISION, from the annotations that a TrainingTrigger
/// has made. They are no part of the trainer, so nothing is restarted for them.
void AddTrigger(const ObjectMeta& job, std::vector<EnvValue>& env);

}  // namespace slipway::training_job
