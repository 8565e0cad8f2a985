#pragma once

#include "controllers/training_trigger/decide.hpp"
#include "operator/run/plan.hpp"

namespace slipway::training_trigger {

/// What to write, and when to look again. Jobs beyond the history limits are deleted once what is
/// told of them is recorded: that their time has had its job, and that it was Complete.
Plan MakePlan(const ObjectKey& key, const api::TrainingTrigger& trigger, const Observed& observed,
              const Decision& decision);

}  // namespace slipway::training_trigger
