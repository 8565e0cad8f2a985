#include "controllers/training_job/steps_status.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "controllers/common/conditions.hpp"
#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/steps_decide.hpp"
#include "controllers/training_job/steps_observe.hpp"

namespace slipway::training_job {
namespace {

using api::StepPhase;
using api::StepStatus;

void SetPod(StepStatus& status, const Steps& steps, const std::string& pod) {
  status.pod = pod;
  status.logs = fmt::format("kubectl logs -n {} {}", steps.ns, pod);
}

void SetMessage(StepStatus& status, const std::string& message) {
  status.message.reset();
  if (!message.empty()) status.message = OneLine(message);
}

std::optional<Instant> EndOf(const PodView& pod) {
  std::optional<Instant> end;
  for (const auto& container : pod.containers) end = std::max(end, container.finished);
  return end;
}

void SetEnd(StepStatus& status, StepPhase phase, Instant end) {
  status.phase = phase;
  status.completion_time = StatusTime(end);
  status.duration_seconds.reset();
  if (!status.start_time) return;
  // The clocks of two machines may differ.
  const auto took = std::max(*status.completion_time - *status.start_time, Instant::duration{});
  status.duration_seconds = std::chrono::duration_cast<std::chrono::seconds>(took).count();
}

/// Of the pod that a step has: when it was started, and where its log is.
void SetStart(StepStatus& status, const Steps& steps, const StepState& step) {
  status.attempts = step.attempt;
  SetPod(status, steps, step.pod->key->name);
  status.start_time.reset();
  if (step.pod->view->started) status.start_time = StatusTime(*step.pod->view->started);
}

void SetSucceeded(StepStatus& status, const Steps& steps, const StepState& step, Instant now) {
  if (step.recorded) return;
  SetMessage(status, "");
  if (!step.pod || !step.pod->Succeeded()) {
    status.phase = StepPhase::kSucceeded;  // As the nodes show, which start after it.
    return;
  }
  SetStart(status, steps, step);
  SetEnd(status, StepPhase::kSucceeded, std::min(EndOf(*step.pod->view).value_or(now), now));
}

void SetRunning(StepStatus& status, const Steps& steps, const StepState& step) {
  const bool ran = status.phase == StepPhase::kRunning;
  status.phase = StepPhase::kPending;
  if (!step.pod || step.pod->Ending()) {
    if (ran) SetMessage(status, "its pod was deleted or has vanished, so it runs again");
    return;
  }
  SetStart(status, steps, step);
  status.completion_time.reset();
  status.duration_seconds.reset();
  if (step.pod->Running()) status.phase = StepPhase::kRunning;
  const auto problem = WhyNotStarting(*step.pod->view);
  SetMessage(status, problem ? problem->reason + ": " + problem->message : "");
}

void SetFailed(StepStatus& status, const Steps& steps, const StepState& step, StepPhase phase,
               Instant now) {
  SetStart(status, steps, step);
  SetEnd(status, phase, std::min(EndOf(*step.pod->view).value_or(now), now));
  SetMessage(status, DescribeStepEnd(step));
}

void SetRetried(StepStatus& status, const Steps& steps, const StepState& step, Instant now) {
  SetFailed(status, steps, step, StepPhase::kPending, now);
  status.attempts = step.attempt + 1;
  if (FindDisruption(*step.pod->view) == nullptr) status.failures = step.failures + 1;
}

/// The job has failed while it was due.
void SetEnded(StepStatus& status, const Steps& steps, const StepState& step, const Problem& problem,
              Instant now) {
  if (problem.reason == reason::kStepFailed) {
    SetFailed(status, steps, step, StepPhase::kFailed, now);
  } else if (step.pod) {
    SetStart(status, steps, step);
    SetEnd(status, StepPhase::kFailed, now);
    SetMessage(status, problem.message);
  } else {
    status.phase = StepPhase::kSkipped;
  }
}

/// Its pod is about to be deleted, and its next start is another one.
void SetSuspended(StepStatus& status, const StepState& step) {
  status.phase = StepPhase::kPending;
  if (!step.pod && !status.attempts) return;
  status.attempts = step.attempt + 1;
  status.completion_time.reset();
  status.duration_seconds.reset();
  SetMessage(status, "it was suspended, and runs again");
}

StepStatus DescribeOne(const Observed& observed, const StepState& step, const Decision& decision,
                       Instant now) {
  StepStatus status;
  if (step.record != nullptr) status = *step.record;
  status.name = step.program.what.name;
  status.program_hash = step.hash;
  if (step.record == nullptr) status.phase = StepPhase::kPending;
  if (step.attempt > 1) status.attempts = step.attempt;
  if (step.failures > 0) status.failures = step.failures;
  if (step.done) {
    SetSucceeded(status, observed.steps, step, now);
  } else if (decision.step == Step::kSuspend) {
    if (!observed.record.suspended) SetSuspended(status, step);
  } else if (&step == observed.steps.Due()) {
    if (decision.step == Step::kRunStep) SetRunning(status, observed.steps, step);
    if (decision.step == Step::kRetryStep) SetRetried(status, observed.steps, step, now);
    if (decision.step == Step::kFail) {
      SetEnded(status, observed.steps, step, *decision.problem, now);
    }
  } else {
    status.phase = decision.step == Step::kFail ? StepPhase::kSkipped : StepPhase::kPending;
  }
  return status;
}

void SetTrainStart(StepStatus& status, const Observed& observed, Instant now) {
  const auto pods = observed.Pods();
  if (pods.empty()) return;
  status.attempts = observed.attempt + 1;
  SetPod(status, observed.steps, observed.steps.first_node);
  if (status.phase == StepPhase::kRunning && status.start_time) return;
  status.start_time.reset();
  for (const NodePod* pod : pods) {
    const auto started = pod->view->started;
    if (!started) continue;
    status.start_time = std::min(status.start_time.value_or(*started), StatusTime(*started));
  }
  if (status.start_time) status.start_time = std::min(*status.start_time, StatusTime(now));
}

bool AnyHasRun(const Observed& observed) {
  return std::ranges::any_of(observed.Pods(), [](const NodePod* pod) {
    return pod->Running() || pod->Succeeded() || pod->Failed();
  });
}

Instant LastEnd(const Observed& observed, Instant now) {
  std::optional<Instant> last;
  for (const NodePod* pod : observed.Pods()) last = std::max(last, EndOf(*pod->view));
  return std::min(last.value_or(now), now);
}

StepStatus DescribeTraining(const api::TrainingJob& job, const Observed& observed,
                            const Decision& decision, Instant now) {
  const Steps& steps = observed.steps;
  StepStatus status;
  const StepStatus* record = job.status ? FindStep(job.status->steps, kTrainStep) : nullptr;
  const bool same = record != nullptr && record->program_hash == steps.train_hash;
  if (same) status = *record;
  if (!same) status.phase = StepPhase::kPending;
  status.name = kTrainStep;
  status.program_hash = steps.train_hash;
  if (steps.trained) return status;
  if (decision.step == Step::kSuspend || decision.step == Step::kResume ||
      decision.step == Step::kReplace) {
    status.phase = StepPhase::kPending;
    return status;
  }
  SetTrainStart(status, observed, now);
  if (HasTrained(job, observed)) {
    SetMessage(status, "");
    SetEnd(status, StepPhase::kSucceeded, LastEnd(observed, now));
  } else if (decision.step == Step::kFail) {
    if (steps.due) {
      status.phase = StepPhase::kSkipped;
      return status;
    }
    if (decision.verdict) SetPod(status, steps, decision.verdict->failure.pod_name);
    SetEnd(status, StepPhase::kFailed, now);
    SetMessage(status, decision.problem->message);
  } else if (AnyHasRun(observed)) {
    status.phase = StepPhase::kRunning;
  }
  return status;
}

/// Of an evaluation without a program of its own, which is done in the write that ends the job.
StepStatus DescribeGate(const api::TrainingJobStatus& job_status, const Decision& decision,
                        Instant now) {
  StepStatus status;
  status.name = kEvaluateStep;
  status.phase = decision.step == Step::kFail ? StepPhase::kSkipped : StepPhase::kPending;
  if (!job_status.evaluation || decision.step != Step::kComplete) return status;
  status.start_time = StatusTime(now);
  SetEnd(status, StepPhase::kSucceeded, now);
  return status;
}

void SetVerdict(StepStatus& status, const api::TrainingJobStatus& job_status) {
  if (!job_status.evaluation) return;
  const api::GateResult& gate = *job_status.evaluation;
  SetMessage(status,
             (gate.passed ? "the gate passed: " : "the gate did not pass: ") + gate.message);
}

/// Of what condition Registered says.
StepStatus DescribeRegistration(const api::TrainingJobStatus& job_status, const StepStatus* record,
                                Instant now) {
  StepStatus status;
  if (record != nullptr) status = *record;
  status.name = kRegisterStep;
  const auto* condition = FindCondition(job_status.conditions, condition::kRegistered);
  if (condition == nullptr || record == nullptr) {
    const bool failed = IsTrue(job_status.conditions, condition::kFailed);
    status.phase = failed ? StepPhase::kSkipped : StepPhase::kPending;
    if (condition == nullptr) return status;
  }
  SetMessage(status, condition->message);
  if (job_status.model_version_ref) {
    if (status.phase != StepPhase::kSucceeded) SetEnd(status, StepPhase::kSucceeded, now);
    return status;
  }
  constexpr std::array kNever{reason::kGateNotPassed, reason::kNotWanted,
                              reason::kResultUnreadable};
  const bool never = std::ranges::find(kNever, condition->reason) != kNever.end();
  if (!never && !status.start_time) status.start_time = StatusTime(now);
  status.phase = never ? StepPhase::kSkipped : StepPhase::kRunning;
  return status;
}

void SetRegistration(api::TrainingJobStatus& status, Instant now) {
  const auto entry = std::ranges::find(status.steps, kRegisterStep, &StepStatus::name);
  if (entry == status.steps.end()) return;
  *entry = DescribeRegistration(status, &*entry, now);
}

bool HasSteps(const api::TrainingJob& job) {
  return !job.spec.prepare.empty() || job.spec.evaluation || job.spec.output;
}

std::string NameDue(const Steps& steps) {
  const std::string& name = steps.Due()->program.what.name;
  if (steps.Due()->program.evaluates) return "step " + name;
  return fmt::format("step {} ({} of {})", name, *steps.due + 1, steps.prepare.size());
}

/// The same text from the moment the retry is decided until there is a pod.
std::string DescribeRetry(const api::TrainingJob& job, const StepState& step, Instant failed,
                          std::int32_t failures, const std::string& why) {
  const std::int32_t retries = step.program.what.retries;
  return fmt::format(
      "{}, not before {}: it {}",
      failures == 0 ? "runs again" : fmt::format("runs again (retry {} of {})", failures, retries),
      FormatTime(RestartTime(job.spec.failure_policy, failures, failed)), why);
}

std::string DescribeDue(const api::TrainingJob& job, const Observed& observed,
                        const Decision& decision, Instant now) {
  const StepState& step = *observed.steps.Due();
  if (decision.step == Step::kRetryStep) {
    const Instant failed = std::min(EndOf(*step.pod->view).value_or(now), now);
    const std::int32_t failures =
        step.failures + (FindDisruption(*step.pod->view) == nullptr ? 1 : 0);
    return DescribeRetry(job, step, StatusTime(failed), failures, DescribeStepEnd(step));
  }
  if (step.pod && !step.pod->Ending()) {
    return step.pod->Running() ? "runs" : "waits for its container to start";
  }
  if (step.record != nullptr && step.record->completion_time) {
    return DescribeRetry(job, step, *step.record->completion_time, step.failures,
                         step.record->message.value_or("failed"));
  }
  return "is about to start";
}

}  // namespace

std::optional<Account> DescribeStep(const api::TrainingJob& job, const Observed& observed,
                                    const Decision& decision, Instant now) {
  const StepState* step = observed.steps.Due();
  const bool acts = decision.step == Step::kRunStep || decision.step == Step::kRetryStep;
  const bool begins = decision.step == Step::kPin || decision.step == Step::kResume ||
                      decision.step == Step::kReplace;
  if (step == nullptr || (!acts && !begins)) return std::nullopt;
  using Phase = api::TrainingJobPhase;
  const Phase phase = step->program.evaluates ? Phase::kEvaluating : Phase::kPreparing;
  if (step->pod && step->pod->Active()) {
    if (auto problem = WhyNotStarting(*step->pod->view)) {
      return Account{phase, std::move(problem->reason),
                     fmt::format("step {} (pod {}) does not start: {}", step->program.what.name,
                                 step->pod->key->name, problem->message)};
    }
  }
  return Say(phase, fmt::format("{} {}", NameDue(observed.steps),
                                DescribeDue(job, observed, decision, now)));
}

void SetSteps(api::TrainingJobStatus& status, const api::TrainingJob& job, const Observed& observed,
              const Decision& decision, Instant now) {
  if (decision.step == Step::kFinished) return SetRegistration(status, now);
  if (!HasSteps(job)) return status.steps.clear();
  const Steps& seen = observed.steps;
  if (seen.unknown) return;
  std::vector<StepStatus> steps;
  for (const StepState& step : seen.prepare) {
    steps.push_back(DescribeOne(observed, step, decision, now));
  }
  steps.push_back(DescribeTraining(job, observed, decision, now));
  if (job.spec.evaluation) {
    steps.push_back(seen.evaluation ? DescribeOne(observed, *seen.evaluation, decision, now)
                                    : DescribeGate(status, decision, now));
    if (decision.step == Step::kComplete) SetVerdict(steps.back(), status);
  }
  if (job.spec.output) {
    steps.push_back(DescribeRegistration(status, FindStep(status.steps, kRegisterStep), now));
  }
  status.steps = std::move(steps);
}

void AddStepEvents(const std::optional<api::TrainingJobStatus>& before,
                   const api::TrainingJobStatus& after, std::vector<EmitEvent>& events) {
  if (!before) return;
  for (const StepStatus& step : after.steps) {
    const StepStatus* earlier = FindStep(before->steps, step.name);
    const std::int32_t failures = earlier == nullptr ? 0 : earlier->failures.value_or(0);
    if (step.failures.value_or(0) <= failures || step.phase != StepPhase::kPending) continue;
    events.push_back({EmitEvent::Type::kWarning, std::string(reason::kStepFailed), "RetryStep",
                      after.message.value_or("")});
  }
}

}  // namespace slipway::training_job
