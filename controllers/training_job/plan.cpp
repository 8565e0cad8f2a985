#include "controllers/training_job/plan.hpp"

#include <algorithm>

#include "controllers/training_job/checkpoint.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/members.hpp"
#include "controllers/training_job/registration.hpp"
#include "controllers/training_job/stall.hpp"
#include "controllers/training_job/steps_decide.hpp"
#include "controllers/training_job/steps_observe.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::training_job {
namespace {

using std::chrono::seconds;

void WakeAt(Plan& plan, std::optional<Instant> time) {
  if (time) plan.wake_at = std::min(plan.wake_at.value_or(*time), *time);
}

void DeletePod(Plan& plan, const NodePod& pod, const char* why, bool as_seen = false) {
  if (pod.Ending()) return;
  plan.actions.emplace_back(
      Delete{kPods.type, *pod.key, pod.meta->uid, why, std::nullopt, as_seen});
}

/// Looks again when a pod that is being deleted should be gone, to tell the user if it is not.
void WatchEnding(Plan& plan, const std::vector<const NodePod*>& pods, Instant now) {
  for (const NodePod* pod : pods) {
    if (pod->Ending() && !IsStuck(*pod, now)) WakeAt(plan, *pod->meta->deleted + kStuckAfter);
  }
}

void RemoveLeftovers(Plan& plan, const Observed& observed, Instant now) {
  for (const auto& pod : observed.leftovers) {
    DeletePod(plan, pod,
              pod.of_step                       ? "its step runs again or is no more"
              : pod.outdated                    ? "it was made from a former trainer"
              : pod.attempt != observed.attempt ? "its group is restarted"
              : pod.node >= observed.num_nodes  ? "its job has fewer nodes now"
              : observed.elastic                ? "its group goes on without it"
                                                : "its node is restarted");
  }
  WatchEnding(plan, InTheWay(observed), now);
}

void RemoveAllPods(Plan& plan, const Observed& observed, Instant now) {
  for (const auto& pod : observed.leftovers) DeletePod(plan, pod, "its job is suspended");
  for (const NodePod* pod : observed.Pods()) DeletePod(plan, *pod, "its job is suspended");
  for (const NodePod* pod : observed.StepPods()) DeletePod(plan, *pod, "its job is suspended");
  WatchEnding(plan, InTheWay(observed), now);
}

/// Without MPI, None leaves everything as it is. The workers of mpirun wait for work for ever, so
/// with MPI it leaves only what has ended.
api::CleanPodPolicy EffectivePolicy(const api::TrainingJob& job) {
  const bool endless = job.spec.framework == api::Framework::kMPI &&
                       job.spec.clean_pod_policy == api::CleanPodPolicy::kNone;
  return endless ? api::CleanPodPolicy::kRunning : job.spec.clean_pod_policy;
}

void CleanUp(Plan& plan, const api::TrainingJob& job, const Observed& observed) {
  const api::CleanPodPolicy policy = EffectivePolicy(job);
  const bool all = policy == api::CleanPodPolicy::kAll;
  const auto clean = [&](const NodePod& pod) {
    const bool running = policy == api::CleanPodPolicy::kRunning && pod.Active();
    // One that has ended by now stays, with its log.
    if (all || running) DeletePod(plan, pod, "its job has ended", /*as_seen=*/!all);
  };
  for (const auto& pod : observed.leftovers) clean(pod);
  for (const NodePod* pod : observed.Pods()) clean(*pod);
  for (const NodePod* pod : observed.StepPods()) clean(*pod);
  // A headless service costs nothing; it goes with the job unless all is to be cleaned up.
  if (all && observed.service != nullptr && !observed.service->meta.deleted) {
    plan.actions.emplace_back(Delete{kServices.type, observed.service->key,
                                     observed.service->meta.uid, "its job has ended",
                                     std::nullopt});
  }
}

Plan PlanFinished(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                  Instant now) {
  Plan plan;
  const bool owes_version = OwesVersion(job);
  if (owes_version && observed.own_version == nullptr) {
    plan.actions.emplace_back(MakeModelVersion(key, job, observed));
  }
  const auto& ttl = job.spec.ttl_seconds_after_finished;
  if (ttl && job.status->completion_time && !owes_version) {
    const Instant expiry = *job.status->completion_time + seconds(*ttl);
    if (now >= expiry) {  // Garbage collection takes the children with it.
      plan.actions.emplace_back(Delete{kTrainingJobs.type, key, job.meta.uid,
                                       "its ttlSecondsAfterFinished is over", std::nullopt});
      return plan;
    }
    plan.wake_at = expiry;
  }
  CleanUp(plan, job, observed);
  RemovePodGroup(plan, observed, "its job has ended");
  return plan;
}

void CreateMissing(Plan& plan, const ObjectKey& key, const api::TrainingJob& job,
                   const Observed& observed) {
  for (const std::int32_t node : observed.Lost()) {
    const std::int32_t restarts = observed.members[static_cast<std::size_t>(node)].restarts;
    Create pod = MakePod(key, job, node, observed.attempt, restarts, observed.report_url);
    plan.actions.emplace_back(JoinPodGroup(std::move(pod), key, job, observed));
  }
}

Plan PlanRun(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
             Instant now) {
  Plan plan;
  WakeAt(plan, Deadline(job, observed));
  if (const auto silence = FindSilence(job, observed, now)) WakeAt(plan, silence->wake_at);
  const auto freshness = JudgeCheckpoint(job, observed, now);
  if (freshness && freshness->fresh) WakeAt(plan, freshness->until);
  if (observed.service == nullptr) plan.actions.emplace_back(MakeService(key, job));
  PlanPodGroup(plan, key, job, observed);
  RemoveLeftovers(plan, observed, now);
  if (observed.was_whole) CreateAwaited(plan, key, job, observed, now);
  if (observed.was_whole || !InTheWay(observed).empty()) return plan;
  if (!IsPrepared(observed.steps) || WhyGroupIsNotReady(key, job, observed)) return plan;

  const auto restart_time = RestartTime(job, observed, now);
  if (restart_time && now < *restart_time) {
    WakeAt(plan, restart_time);
    return plan;
  }
  CreateMissing(plan, key, job, observed);
  CreateAwaited(plan, key, job, observed, now);
  return plan;
}

/// The workers of mpirun wait for work for ever, and what they hold the evaluation may need.
void RemoveIdle(Plan& plan, const Observed& observed) {
  if (!observed.steps.trained) return;
  for (const NodePod* pod : observed.Pods()) {
    if (pod->Active()) DeletePod(plan, *pod, "its group has succeeded", /*as_seen=*/true);
  }
}

Plan PlanStep(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
              Instant now) {
  Plan plan;
  WakeAt(plan, Deadline(job, observed));
  RemoveLeftovers(plan, observed, now);
  RemoveIdle(plan, observed);
  if (!InTheWay(observed).empty() || !MayStartStep(observed.steps)) return plan;
  const auto retry_time = RetryTime(job, *observed.steps.Due(), now);
  if (retry_time && now < *retry_time) {
    WakeAt(plan, retry_time);
    return plan;
  }
  const StepState& step = *observed.steps.Due();
  plan.actions.emplace_back(MakeStepPod(key, job, step.program, step.hash, step.attempt));
  return plan;
}

}  // namespace

Plan MakePlan(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
              const Decision& decision, Instant now) {
  Plan plan;
  switch (decision.step) {
    case Step::kFinished: return PlanFinished(key, job, observed, now);
    case Step::kRun:
      plan = PlanRun(key, job, observed, now);
      PlanGang(plan, job, observed, now);
      return plan;
    case Step::kRunStep: return PlanStep(key, job, observed, now);
    case Step::kSuspend:
      if (!observed.record.suspended) return plan;
      RemoveAllPods(plan, observed, now);
      RemovePodGroup(plan, observed, "its job is suspended");
      return plan;
    case Step::kConfirmLoss:
      WakeAt(plan, Deadline(job, observed));
      WakeAt(plan, observed.record.missing_since.value_or(now) + kLossConfirmation);
      return plan;
    case Step::kStall: RemoveLeftovers(plan, observed, now); return plan;
    case Step::kComplete:
    case Step::kFail:
    case Step::kPin:
    case Step::kResume:
    case Step::kReplace:
    case Step::kRetryStep:
    case Step::kRestartMember:
    case Step::kRequeue:
    case Step::kShrink:
    case Step::kResize:
    case Step::kRestart: return plan;
  }
  return plan;
}

}  // namespace slipway::training_job
