#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/training_job/kind.hpp"
#include "operator/run/plan.hpp"

/// The pipeline around a training: the steps of spec.prepare, one pod after the other, before the
/// nodes start, and the program that measures the model when they have ended. What such a step is.
namespace slipway::training_job {

/// Names that a job's own steps have in its status. The CRD keeps users from choosing them.
inline constexpr std::string_view kTrainStep = "train";
inline constexpr std::string_view kEvaluateStep = "evaluate";
inline constexpr std::string_view kRegisterStep = "register";

/// What to run as a step. That of the evaluation has the same fields, and its name.
struct StepProgram {
  api::PrepareStep what;
  std::string field;  ///< E.g. spec.prepare[0], for messages.
  bool evaluates = false;
};

std::vector<StepProgram> PrepareSteps(const api::TrainingJob& job);
std::optional<StepProgram> EvaluationStep(const api::TrainingJob& job);

/// Hashes of what decides what the steps make: their programs, with the image of the trainer where
/// they have none of their own, and the volumes. Each is over those before it as well, so whatever
/// follows the first step that was changed has another one. Resources, retries and the time limit
/// are left out: what has succeeded need not run again for them.
///
/// As for TrainerHash: a field with a default that is added to a step must be left out here while
/// it has that default, or the upgrade runs the steps of every suspended job anew.
struct StepHashes {
  std::vector<std::string> prepare;
  std::string train;
  std::string evaluate;
};
StepHashes HashSteps(const api::TrainingJob& job);

/// The key of the pod of a step, the same in every attempt, for the reason that PodKey has.
ObjectKey StepPodKey(const ObjectKey& job_key, const api::TrainingJob& job, std::string_view step);

/// The pod of a step for its start number `attempt`, from 1: with the volumes, identity and
/// placement of the trainer's pods.
Create MakeStepPod(const ObjectKey& job_key, const api::TrainingJob& job,
                   const StepProgram& program, const std::string& hash, std::int32_t attempt);

}  // namespace slipway::training_job
