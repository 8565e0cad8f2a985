#include "controllers/training_job/steps_decide.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/steps_observe.hpp"

namespace slipway::training_job {
namespace {

/// So much of a program's last words fits into a message beside what is said about them.
constexpr std::size_t kQuotedWords = 600;

Problem DescribeFailed(const StepState& step) {
  const std::int32_t retries = step.program.what.retries;
  const std::string limit =
      retries == 0 ? fmt::format("{}.retries allows no retry", step.program.field)
                   : fmt::format("all {} retries of {} are used", retries, step.program.field);
  return {std::string(reason::kStepFailed),
          fmt::format("step {} (pod {}) {}; {}", step.program.what.name, step.pod->key->name,
                      DescribeStepEnd(step), limit),
          true};
}

}  // namespace

std::optional<Decision> DecideStep(const Observed& observed) {
  const StepState* step = observed.steps.Due();
  if (step == nullptr) return std::nullopt;
  // One that is being deleted was ended by that, and runs again.
  const bool failed = step->pod && step->pod->Failed() && !step->pod->Ending();
  if (!failed) return Decision{Step::kRunStep, {}, {}};
  const bool again =
      FindDisruption(*step->pod->view) != nullptr || step->failures < step->program.what.retries;
  if (again) return Decision{Step::kRetryStep, {}, {}};
  return Decision{Step::kFail, DescribeFailed(*step), {}};
}

bool MayStartStep(const Steps& steps) {
  const StepState* step = steps.Due();
  if (step == nullptr || step->pod) return false;
  if (step->program.evaluates) return steps.trained;
  const auto due = steps.prepare.begin() + static_cast<std::ptrdiff_t>(*steps.due);
  return std::all_of(steps.prepare.begin(), due,
                     [](const StepState& earlier) { return earlier.recorded; });
}

std::optional<Instant> RetryTime(const api::TrainingJob& job, const StepState& step, Instant now) {
  if (step.record == nullptr || !step.record->completion_time) return std::nullopt;
  const Instant failed = *step.record->completion_time;
  if (IsAhead(failed, now)) return std::nullopt;
  return RestartTime(job.spec.failure_policy, step.failures, failed);
}

std::string DescribeStepEnd(const StepState& step) {
  const PodEnd end = DescribeEnd(*step.pod->view);
  std::string text = "failed with " + end.reason;
  if (end.exit_code) text += fmt::format(" (exit code {})", *end.exit_code);
  if (end.reason == "DeadlineExceeded" && step.program.what.timeout_seconds) {
    text += fmt::format(", {}.timeoutSeconds being {}", step.program.field,
                        *step.program.what.timeout_seconds);
  }
  if (!end.message.empty()) text += ": " + LastWords(end.message, kQuotedWords);
  return text;
}

}  // namespace slipway::training_job
