#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/common/conditions.hpp"
#include "controllers/training_job/kind.hpp"
#include "operator/run/plan.hpp"

/// What a program reports of itself while it runs. It sends a JSON document to the operator, which
/// puts it into the status of the job (docs/decisions/0015-reports-by-http.md):
///
///   {"progressPercentage": 42, "estimatedRemainingSeconds": 5400,
///    "metrics": {"loss": 0.31},    or [{"name": "loss", "value": 0.31}]
///    "checkpoint": {"step": 12000, "time": 1764180000.5}}    the newest one, seconds since 1970
///
/// All of it is optional, and members with other names are left alone.
namespace slipway::training_job {

/// The newest checkpoint, as it is reported.
struct ReportedCheckpoint {
  std::optional<std::int64_t> step;
  std::optional<Instant> time;
  bool operator==(const ReportedCheckpoint&) const = default;
};

/// A report as it can be put into a status.
struct Progress {
  Instant time;  ///< When it came in.
  std::optional<std::int32_t> percentage;
  std::optional<std::int32_t> remaining_seconds;
  std::vector<api::MetricValue> metrics;
  std::optional<ReportedCheckpoint> checkpoint;
  /// Why the report cannot be used, and how to put it right; then nothing of it is here.
  std::string problem;
  bool operator==(const Progress&) const = default;
};

/// Numbers may have a fraction, which is cut off. When anything is not as it should be, nothing of
/// it is used.
Progress ReadProgress(std::string_view text, Instant time);

/// Gives the program of a pod what it needs to report: the address of its own reports below `url`,
/// and a token that is good for nothing else. Nothing when `url` is empty.
void LetReport(Create& pod, const std::string& url);

/// The status of a job with a report taken in. Of one that cannot be used only that it came, and
/// why. Requires that the job has a status.
api::TrainingJobStatus WithProgress(const api::TrainingJob& job, const Progress& progress);

/// Says in the conditions whether the reports can be used.
void SetReportCondition(const api::TrainingJobStatus& status, ConditionWriter& conditions);

}  // namespace slipway::training_job
