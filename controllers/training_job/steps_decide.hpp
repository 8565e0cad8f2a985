#pragma once

#include <optional>
#include <string>

#include "controllers/training_job/decide.hpp"

/// What is to be done about the step that is due.
namespace slipway::training_job {

/// nullopt when the nodes are to run.
std::optional<Decision> DecideStep(const Observed& observed);

/// Whether the pod of the step that is due is to be created: it has none, and the status says that
/// all before it has succeeded, so that none of it is run beside it.
bool MayStartStep(const Steps& steps);

/// When a step that has failed may run again, with the waits of a restart; nullopt when it has not
/// failed, or its failure lies ahead.
std::optional<Instant> RetryTime(const api::TrainingJob& job, const StepState& step, Instant now);

/// "failed with Error (exit code 3): <last words>" of a pod that has failed.
std::string DescribeStepEnd(const StepState& step);

}  // namespace slipway::training_job
