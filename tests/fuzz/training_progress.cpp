// What a training sends while it runs. Whatever it is, a status can hold what is made of it, and a
// pass can go on from there.
#include <set>

#include "controllers/training_job/progress.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {

void Fuzz(std::string_view input) {
  const Instant now = *ParseTime("2026-09-01T12:00:00Z");
  const training_job::Progress progress = training_job::ReadProgress(input, now);
  api::TrainingJob job;
  job.status.emplace();
  const api::TrainingJobStatus status = training_job::WithProgress(job, progress);
  Require(status.trainer_status.has_value(), "every report leaves a trace");
  const api::TrainerStatus& trainer = *status.trainer_status;
  Require(trainer.last_updated_time == now, "it says when it came");
  if (!progress.problem.empty()) {
    Require(progress.problem.size() <= 1024 && IsUtf8(progress.problem), "a complaint fits",
            progress.problem);
    Require(!trainer.progress_percentage && trainer.metrics.empty() && !status.checkpoint,
            "of what is wrong nothing is used");
    return;
  }
  Require(trainer.progress_percentage.value_or(0) >= 0 &&
              trainer.progress_percentage.value_or(0) <= 100 &&
              trainer.estimated_remaining_seconds.value_or(0) >= 0,
          "numbers are in their bounds");
  Require(trainer.metrics.size() <= 32, "metrics are bounded");
  std::set<std::string> names;
  for (const auto& metric : trainer.metrics) {
    Require(!metric.name.empty() && metric.name.size() <= 128 && IsUtf8(metric.name), "a name fits",
            metric.name);
    Require(!metric.value.empty() && metric.value.size() <= 32, "a number fits", metric.value);
    Require(names.insert(metric.name).second, "a metric is there once", metric.name);
  }
  if (!status.checkpoint) return;
  Require(status.checkpoint->step.value_or(0) >= 0, "a step is one");
  Require(status.checkpoint->time && *status.checkpoint->time <= now,
          "no checkpoint is of tomorrow");
  Require(ParseTime(FormatTime(*status.checkpoint->time)).has_value(), "its time can be written");
  Require(status.checkpoint->lost_seconds_if_killed_now.value_or(0) >= 0, "no work is won");
}

}  // namespace slipway::fuzz
