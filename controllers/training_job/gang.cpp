#include "controllers/training_job/gang.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/names.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/observe.hpp"
#include "controllers/training_job/queue.hpp"

namespace slipway::training_job {
namespace {

using api::GangState;
using std::chrono::seconds;

/// Where everything is filed that bears on who gets which room.
const std::string kAll = "all";

/// Others wait for its room, or it waits for theirs.
bool WantsRoom(const api::TrainingJob& job) {
  return IsGated(job) && !job.meta.deleted && !job.spec.suspend && !ReadRecord(job).finished &&
         !IsStarted(job);
}

const api::TrainingJob& JobOf(const Object& object) {
  return *static_cast<const api::TrainingJob*>(object.body.get());
}

std::vector<std::string> LookedUp(const Object& resource) {
  return WantsRoom(JobOf(resource)) ? std::vector{kAll} : std::vector<std::string>{};
}

bool IsQueued(const api::TrainingJob& job) {
  return job.spec.scheduling_policy && job.spec.scheduling_policy->queue;
}

bool IsTakenByKueue(const NodePod& pod) {
  const auto label = pod.meta->labels.find("kueue.x-k8s.io/managed");
  return label != pod.meta->labels.end() && label->second == "true";
}

bool HasGate(const NodePod& pod) {
  const auto& needs = pod.view->needs;
  return needs && std::ranges::find(needs->gates, kGangGate) != needs->gates.end();
}

bool IsUnplaced(const NodePod& pod) { return pod.Active() && pod.view->node_name.empty(); }

std::optional<Instant> PlacementDeadline(const api::TrainingJob& job, const Gang& gang) {
  if (!job.spec.scheduling_policy || gang.state != GangState::kReleased || !gang.since) return {};
  return *gang.since + seconds(job.spec.scheduling_policy->schedule_timeout_seconds);
}

void ReadState(const api::TrainingJob& job, const Observed& observed, Gang& gang) {
  if (!job.status || !job.status->gang) return;
  const api::GangStatus& recorded = *job.status->gang;
  if (recorded.attempt != observed.attempt || recorded.state == GangState::kUnknown) return;
  gang.state = recorded.state;
  gang.since = recorded.since;
}

/// The scheduler's own words about the first pod that it cannot place.
std::string SchedulerSays(const Observed& observed) {
  for (const NodePod* pod : observed.Pods()) {
    const std::string& message = pod->view->scheduling_message;
    const bool old = message.find("scheduling gates") != std::string::npos;
    if (IsUnplaced(*pod) && !message.empty() && !old) return ": " + message;
  }
  return "";
}

/// Kueue calls the Workload that it makes for a group by the group's name.
std::string GroupOfKueue(const api::TrainingJob& job, std::int32_t attempt) {
  return ChildName(job.meta.name, job.meta.uid, fmt::format("start-{}", attempt));
}

api::PendingStatus DescribeHeld(const api::TrainingJob& job, std::int32_t attempt) {
  return {std::string(reason::kHeldByKueue),
          fmt::format("Kueue holds the pods until queue {} admits all of them; kubectl describe "
                      "workload {} -n {} says what they wait for",
                      *job.spec.scheduling_policy->queue, GroupOfKueue(job, attempt), job.meta.ns),
          {},
          {},
          {}};
}

api::PendingStatus DescribeReleased(const api::TrainingJob& job, const Observed& observed,
                                    const Gang& gang) {
  const auto deadline = PlacementDeadline(job, gang);
  return {std::string(reason::kWaitingForScheduler),
          OneLine(fmt::format("{} of {} pods have no node yet; all are taken back if that is still "
                              "so at {}{}{}",
                              gang.unplaced, observed.num_nodes,
                              FormatTime(deadline.value_or(Instant{})), SchedulerSays(observed),
                              PodGroupSays(observed))),
          {},
          {},
          {}};
}

/// Of a group all of whose pods are there.
void ObserveWhole(const api::TrainingJob& job, const Observed& observed, const Snapshot& world,
                  Gang& gang) {
  const auto pods = observed.Pods();
  const bool held = std::ranges::any_of(
      pods, [](const NodePod* pod) { return IsUnplaced(*pod) && pod->view->gated; });
  if (IsQueued(job) && held) {
    gang.pending = DescribeHeld(job, observed.attempt);
    return;
  }
  // Also when the status was lost, or somebody else took a gate away: never half a group.
  const bool ours = IsGated(job) && !observed.pod_group;
  const bool all_held = ours && std::ranges::all_of(pods, [](const NodePod* pod) {
                          return IsUnplaced(*pod) && HasGate(*pod);
                        });
  if (gang.state == GangState::kReleased || !all_held) {
    gang.next = gang.unplaced == 0 ? GangState::kStarted : GangState::kReleased;
    if (gang.state && gang.unplaced > 0) gang.pending = DescribeReleased(job, observed, gang);
    return;
  }
  const bool confirms = gang.state == GangState::kReserved;
  Standing standing = JudgeRoom(job, *pods.front()->view, gang.unplaced, confirms, world);
  gang.next.reset();
  if (standing.fits) gang.next = confirms ? GangState::kReleased : GangState::kReserved;
  gang.pending = std::move(standing.pending);
}

Patch RemoveGate(const NodePod& pod) {
  nlohmann::json others = nlohmann::json::array();
  for (const auto& gate : pod.view->needs->gates) {
    if (gate != kGangGate) others.push_back({{"name", gate}});
  }
  if (others.empty()) others = nullptr;
  return {kPods.type,
          *pod.key,
          {{"spec", {{"schedulingGates", std::move(others)}}}},
          "all pods of its group fit"};
}

}  // namespace

bool IsStarted(const api::TrainingJob& job) {
  if (!job.status || !job.status->gang) return false;
  const api::GangStatus& gang = *job.status->gang;
  return gang.state == GangState::kStarted && gang.attempt == ReadRecord(job).Attempt();
}

bool IsGated(const api::TrainingJob& job) {
  const auto& policy = job.spec.scheduling_policy;
  return policy && policy->gang == api::GangPolicy::kRequired && !policy->queue;
}

void AddQueue(const api::TrainingJob& job, std::int32_t attempt, Labels& labels,
              Labels& annotations) {
  if (!IsQueued(job)) return;
  labels["kueue.x-k8s.io/queue-name"] = *job.spec.scheduling_policy->queue;
  labels["kueue.x-k8s.io/pod-group-name"] = GroupOfKueue(job, attempt);
  annotations["kueue.x-k8s.io/pod-group-total-count"] = std::to_string(job.spec.trainer.num_nodes);
  // When one fails all are replaced, so Kueue shall not wait for a successor in the same group.
  annotations["kueue.x-k8s.io/retriable-in-group"] = "false";
}

void AddGate(const api::TrainingJob& job, nlohmann::json& pod_spec) {
  if (IsGated(job)) pod_spec["schedulingGates"] = nlohmann::json::array({{{"name", kGangGate}}});
}

std::vector<Lookup> LookUpRoom() {
  const auto all = [](const Object&) { return kAll; };
  // Jobs before pods: a job that says that its pods were placed was written after they were, so
  // whoever has read the one sees the other.
  return {{kTrainingJobs,
           [](const Object& object) { return IsGated(JobOf(object)) ? kAll : std::string(); },
           LookedUp},
          {kPodsInFull, all, LookedUp},
          {kMachinesInFull, all, LookedUp, {}, {}, "room"}};
}

std::optional<Problem> WhyNoGang(const api::TrainingJob& job, bool gathered) {
  if (!IsGated(job) || gathered || IsStarted(job)) return std::nullopt;
  return Problem{
      std::string(reason::kGangsOff),
      "spec.schedulingPolicy.gang is Required, but the operator is configured with gangScheduler "
      "None; have it set to Barrier, Volcano or Coscheduling, or suspend the job and set gang to "
      "BestEffort",
      true};
}

Gang ObserveGang(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                 const Snapshot& world) {
  Gang gang;
  ReadState(job, observed, gang);
  gang.next = gang.state;
  if (!job.spec.scheduling_policy || observed.record.finished || observed.record.suspended ||
      observed.runtime_problem) {
    return gang;
  }
  const auto pods = observed.Pods();
  gang.without_kueue = IsQueued(job) && std::ranges::any_of(pods, [](const NodePod* pod) {
                         return !IsTakenByKueue(*pod);
                       });
  if (gang.state == GangState::kStarted) return gang;
  gang.unplaced = static_cast<std::int32_t>(
      std::ranges::count_if(pods, [](const NodePod* pod) { return IsUnplaced(*pod); }));
  const bool whole = observed.CountMissing() == 0 && observed.leftovers.empty() && !pods.empty();
  if (whole) {
    ObserveWhole(job, observed, world, gang);
  } else if (auto held = WhyGroupIsNotReady(key, job, observed)) {
    gang.pending = std::move(held);
  } else if (const auto until = RequeueTime(job, Instant::max()); until && !gang.state) {
    const auto& failure = observed.record.last_failure;
    const bool newer = failure && failure->time > *job.status->gang->requeue_time;
    // Until the pods of the next start are there.
    if (!newer) {
      gang.pending = api::PendingStatus{
          std::string(reason::kScheduleTimeout), WriteTimeout(job, *until), {}, {}, {}};
    }
  }
  return gang;
}

bool WasNeverPlaced(const api::TrainingJob& job, const Observed& observed, Instant now) {
  const auto deadline = PlacementDeadline(job, observed.gang);
  if (!deadline || now < *deadline || observed.CountMissing() == 0) return false;
  // Without a machine a pod fails only when it was deleted: one that a finalizer holds is ended by
  // the garbage collector of pods.
  return std::ranges::none_of(observed.Pods(), [](const NodePod* pod) {
    return pod->Failed() && !pod->view->node_name.empty();
  });
}

std::optional<Instant> RequeueTime(const api::TrainingJob& job, Instant now) {
  if (!job.status || !job.status->gang || !job.status->gang->requeue_time) return std::nullopt;
  const api::GangStatus& gang = *job.status->gang;
  if (now != Instant::max() && IsAhead(*gang.requeue_time, now)) return std::nullopt;
  return RestartTime(job.spec.failure_policy, gang.requeues, *gang.requeue_time);
}

std::string WriteTimeout(const api::TrainingJob& job, Instant until) {
  return fmt::format(
      "not all pods were placed within {} s, so all were taken back; the job waits "
      "anew, not before {}",
      job.spec.scheduling_policy->schedule_timeout_seconds, FormatTime(until));
}

void PlanGang(Plan& plan, const api::TrainingJob& job, const Observed& observed, Instant now) {
  const auto deadline = PlacementDeadline(job, observed.gang);
  if (!deadline || observed.gang.unplaced == 0) return;
  for (const NodePod* pod : observed.Pods()) {
    if (!IsUnplaced(*pod)) continue;
    if (now >= *deadline) {
      plan.actions.emplace_back(Delete{kPods.type, *pod->key, pod->meta->uid,
                                       "not all pods of its group were placed in time",
                                       std::nullopt, /*as_seen=*/true});
    } else if (HasGate(*pod)) {
      plan.actions.emplace_back(RemoveGate(*pod));
    }
  }
  if (now < *deadline) plan.wake_at = std::min(plan.wake_at.value_or(*deadline), *deadline);
}

}  // namespace slipway::training_job
