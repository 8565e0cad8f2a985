#pragma once

#include <optional>
#include <vector>

#include "controllers/training_job/describe.hpp"

/// What users are told of the steps of a job.
namespace slipway::training_job {

/// Where the job stands while a step is due; nullopt when none is, or more is to be said than that.
std::optional<Account> DescribeStep(const api::TrainingJob& job, const Observed& observed,
                                    const Decision& decision, Instant now);

/// Brings status.steps up to date, after all else of the status. Only of a job that has more to do
/// than to train.
void SetSteps(api::TrainingJobStatus& status, const api::TrainingJob& job, const Observed& observed,
              const Decision& decision, Instant now);

/// Events for steps that are to be run again.
void AddStepEvents(const std::optional<api::TrainingJobStatus>& before,
                   const api::TrainingJobStatus& after, std::vector<EmitEvent>& events);

}  // namespace slipway::training_job
