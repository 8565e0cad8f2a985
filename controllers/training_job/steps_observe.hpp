#pragma once

#include "controllers/training_job/observe.hpp"

namespace slipway::training_job {

/// Fills `observed.steps`, adds pods of former starts to `observed.leftovers`, and puts what an
/// evaluation has measured over what node 0 has reported. Requires all else to be observed.
void ObserveSteps(const ObjectKey& key, const Resolved& resolved, const Snapshot& world,
                  Observed& observed);

/// Whether the nodes have reached the goal of the group.
bool HasTrained(const api::TrainingJob& job, const Observed& observed);

/// Whether the status says of every step before the training that it has succeeded.
bool IsPrepared(const Steps& steps);

/// What the status says of the step of that name, or nullptr.
const api::StepStatus* FindStep(const std::vector<api::StepStatus>& steps, std::string_view name);

}  // namespace slipway::training_job
