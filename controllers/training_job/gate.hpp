#pragma once

#include <string>
#include <string_view>

#include "controllers/training_job/observe.hpp"

/// Whether the model of a job that has succeeded is good enough. A gate passes only on what is
/// there: what is missing, not finite or unreadable never passes.
namespace slipway::training_job {

struct GateVerdict {
  api::GateResult result;
  std::string_view reason;  ///< Of condition Evaluated; the first thing that did not pass.
};

/// Requires spec.evaluation. A version that was made from this job is not compared with, nor is a
/// later one, so that a status which was lost comes out the same again.
GateVerdict JudgeModel(const api::TrainingJob& job, const Observed& observed);

}  // namespace slipway::training_job
