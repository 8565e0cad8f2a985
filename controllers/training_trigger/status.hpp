#pragma once

#include <optional>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/training_trigger/decide.hpp"
#include "operator/run/plan.hpp"

namespace slipway::training_trigger {

/// The whole status of a pass; `failures` are the writes that did not succeed. A time counts as
/// started once its job exists, so that one whose job could not be created is due as before.
///
/// `Ready` is about starting jobs, not about how they end, which each job says itself. For kstatus,
/// and by it Flux, a trigger that waits for its next time is done.
api::TrainingTriggerStatus MakeStatus(const ObjectKey& key, const api::TrainingTrigger& trigger,
                                      const Observed& observed, const Decision& decision,
                                      const std::vector<WriteFailure>& failures, Instant now);

/// Events for what changed between two statuses.
std::vector<EmitEvent> MakeEvents(const std::optional<api::TrainingTriggerStatus>& before,
                                  const api::TrainingTriggerStatus& after);

}  // namespace slipway::training_trigger
