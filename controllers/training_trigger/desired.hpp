#pragma once

#include "controllers/training_trigger/kind.hpp"
#include "operator/run/plan.hpp"

namespace slipway::training_trigger {

/// The key of the job for a scheduled time. It depends on nothing else, so that the API server has
/// room for one job a time, however often it is asked for.
ObjectKey JobKey(const ObjectKey& key, const api::TrainingTrigger& trigger, Instant scheduled);

/// That job: the template as it is, with labels and annotations that say where it comes from.
Create MakeJob(const ObjectKey& key, const api::TrainingTrigger& trigger, Instant scheduled);

}  // namespace slipway::training_trigger
