#include "controllers/training_job/gang_status.hpp"

#include "controllers/common/status.hpp"
#include "controllers/training_job/gang.hpp"

namespace slipway::training_job {
namespace {

using api::GangState;
using Phase = api::TrainingJobPhase;

constexpr std::string_view kWithoutKueue =
    "the pods are the scheduler's, without any queue: Kueue is not installed, or its integration "
    "of "
    "pods is off or does not select this namespace";

bool IsPending(const std::optional<api::TrainingJobStatus>& status, std::string_view reason) {
  return status && status->pending && status->pending->reason == reason;
}

std::int32_t Requeues(const std::optional<api::TrainingJobStatus>& status) {
  return status && status->gang ? status->gang->requeues : 0;
}

void RecordGang(api::TrainingJobStatus& status, const Observed& observed, Step step, Instant now) {
  const bool changed = observed.gang.next != observed.gang.state;
  if (step != Step::kRequeue && (step != Step::kRun || !changed)) return;
  if (!status.gang) status.gang.emplace();
  api::GangStatus& gang = *status.gang;
  if (step == Step::kRequeue) {
    ++gang.requeues;
    gang.requeue_time = StatusTime(now);
  }
  gang.state = step == Step::kRequeue ? std::nullopt : observed.gang.next;
  gang.attempt = gang.state ? std::optional(observed.attempt) : std::nullopt;
  gang.since = gang.state ? std::optional(StatusTime(now)) : std::nullopt;
}

/// What the pods were given stays theirs.
bool IsWithinAttempt(Step step) {
  return step == Step::kRun || step == Step::kConfirmLoss || step == Step::kRunStep ||
         step == Step::kRetryStep || step == Step::kRestartMember;
}

}  // namespace

std::optional<Account> DescribeGang(const api::TrainingJob& job, const Observed& observed,
                                    Step step) {
  const Gang& gang = observed.gang;
  if (step != Step::kRun || !job.spec.scheduling_policy) return std::nullopt;
  const Phase phase = observed.Restarts() == 0 ? Phase::kPending : Phase::kRestarting;
  if (gang.pending) return Account{phase, gang.pending->reason, gang.pending->message};
  if (gang.unplaced == 0 || !gang.next) return std::nullopt;
  return Account{phase, std::string(reason::kAdmitting), "the pods are given to the scheduler"};
}

bool IsKeptByKueue(const NodePod& pod) {
  return pod.meta->labels.contains("kueue.x-k8s.io/managed") &&
         (pod.view->Ended() || pod.view->node_name.empty());
}

Account DescribeRequeue(const api::TrainingJob& job, const Observed& observed, Instant now) {
  const std::int32_t number = job.status->gang->requeues + 1;
  const Instant until = RestartTime(job.spec.failure_policy, number, StatusTime(now));
  return {observed.Restarts() == 0 ? Phase::kPending : Phase::kRestarting,
          std::string(reason::kScheduleTimeout), WriteTimeout(job, until)};
}

void SetGang(api::TrainingJobStatus& status, const api::TrainingJob& job, const Observed& observed,
             const Decision& decision, const Account& account, ConditionWriter& conditions,
             Instant now) {
  RecordGang(status, observed, decision.step, now);
  if (!job.spec.scheduling_policy) {
    status.pending.reset();
    conditions.Remove(condition::kAdmitted);
    return;
  }
  const bool runs = decision.step == Step::kRun;
  const bool over = decision.step == Step::kComplete || decision.step == Step::kFail;
  status.pending = runs ? observed.gang.pending : std::nullopt;
  if (decision.step == Step::kRequeue) {
    status.pending = api::PendingStatus{account.reason, account.message, {}, {}, {}};
  }
  if (over) return;
  const auto state = IsWithinAttempt(decision.step) ? observed.gang.next : std::nullopt;
  const bool admitted = state == GangState::kReleased || state == GangState::kStarted;
  if (admitted) {
    const std::string_view placed = state == GangState::kStarted
                                        ? "all pods were placed"
                                        : "the pods are given to the scheduler";
    conditions.Set(condition::kAdmitted, true, ToString(*state),
                   observed.gang.without_kueue ? kWithoutKueue : placed);
  } else {
    conditions.Set(condition::kAdmitted, false, account.reason, account.message);
  }
}

std::vector<EmitEvent> GangEvents(const std::optional<api::TrainingJobStatus>& before,
                                  const api::TrainingJobStatus& after) {
  using Type = EmitEvent::Type;
  const std::string note = after.message.value_or("");
  std::vector<EmitEvent> events;
  if (before && Requeues(after) > Requeues(before)) {
    events.push_back({Type::kWarning, std::string(reason::kScheduleTimeout), "Requeue", note});
  }
  if (IsPending(after, reason::kCanNeverFit) && !IsPending(before, reason::kCanNeverFit)) {
    events.push_back({Type::kWarning, std::string(reason::kCanNeverFit), "Schedule", note, false});
  }
  return events;
}

}  // namespace slipway::training_job
