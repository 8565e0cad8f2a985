#pragma once

#include <optional>
#include <string>

#include "controllers/common/failures.hpp"
#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/observe.hpp"

/// The words in which a status tells a person what happens and what is waited for.
namespace slipway::training_job {

/// Where the job stands, in one word, and why in one line.
struct Account {
  api::TrainingJobPhase phase = api::TrainingJobPhase::kPending;
  /// CamelCase: what is waited for when that is known (e.g. ImagePullFailed), else the phase.
  std::string reason;
  std::string message;
};

/// The account of which the phase says all that the reason could.
Account Say(api::TrainingJobPhase phase, std::string message);

Account Describe(const api::TrainingJob& job, const Observed& observed, const Decision& decision,
                 Instant now);

/// "OOMKilled (exit code 137): <last words>", short enough to be part of a message.
std::string DescribeFailure(const api::NodeFailure& failure);

}  // namespace slipway::training_job
