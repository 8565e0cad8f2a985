#pragma once

#include <optional>
#include <string>

#include "controllers/common/failures.hpp"
#include "controllers/drift_monitor/observe.hpp"
#include "controllers/drift_monitor/report.hpp"

namespace slipway::drift_monitor {

/// What an evaluation that has ended came to.
struct Finding {
  std::optional<Summary> summary;  ///< Absent when the evaluation failed.
  std::string failure;             ///< Why, for the user.
  std::int64_t run = 0;
  Instant time{};
};

/// The result of the current pod if it has ended. It is read from the container's termination
/// message; a pod that was killed left none, and is judged by how it ended.
std::optional<Finding> ReadFinding(const Observed& observed, Instant now);

/// Why the current pod does not start, or nullopt.
std::optional<Problem> WhyNotEvaluating(const Observed& observed, Instant now);

}  // namespace slipway::drift_monitor
