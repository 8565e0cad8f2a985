#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/common/conditions.hpp"
#include "controllers/common/failures.hpp"
#include "controllers/training_job/observe.hpp"
#include "operator/run/controller.hpp"

/// The ModelVersion that a job leaves behind.
///
/// Its name is the model and the next number, so the API server decides which of two jobs gets it;
/// the other finds the name taken, sees the version in its next pass and takes the number after it.
/// A version names its job by UID, so a job that finds one of its own makes no second, whatever has
/// become of its status.
namespace slipway::training_job {

/// Where a job looks for versions: of the model that it makes and of the one that it is compared
/// with, until all that it needs of them is in its status.
Lookup LookUpModelVersions();

/// The model that spec.evaluation.compareTo is about; empty when there is none.
std::string ComparedModel(const api::TrainingJob& job);

/// The version of the model with the highest number, or nullptr. Those that were made from this
/// job, or since, are left out.
const api::ModelVersion* Newest(const Observed& observed, std::string_view model);
/// The version that has the alias champion, or nullptr; with the same left out. While the alias
/// moves two may have it, and then it is the one that was promoted later.
const api::ModelVersion* FindChampion(const Observed& observed, std::string_view model);
const api::ModelVersion* FindVersion(const Observed& observed, std::string_view model,
                                     std::string_view name);

/// Whether the job still owes a version, by what its status records. It is not deleted before.
bool OwesVersion(const api::TrainingJob& job);

/// The version that the job owes, with the number after the highest one known.
Create MakeModelVersion(const ObjectKey& job_key, const api::TrainingJob& job,
                        const Observed& observed);

/// Brings status.modelVersionRef and condition Registered of a Complete job up to date.
void SetRegistered(api::TrainingJobStatus& status, const api::TrainingJob& job,
                   const Observed& observed, const std::vector<WriteFailure>& failures,
                   ConditionWriter& conditions);

}  // namespace slipway::training_job
