#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controllers/common/failures.hpp"
#include "controllers/common/settings.hpp"
#include "controllers/training_job/kind.hpp"
#include "operator/kube/pod_groups.hpp"
#include "operator/run/plan.hpp"

/// Gangs that Volcano or the coscheduling plugin of scheduler-plugins gathers: the job owns a
/// PodGroup, its pods name that and the scheduler, and bear no gate of ours. The PodGroup is there
/// before the pods, and keeps its place in the order of its scheduler while they are made anew. See
/// docs/decisions/0020-pod-groups-of-others.md.
namespace slipway::training_job {

struct Observed;

/// The annotation of a pod by which Volcano learns its queue.
inline constexpr std::string_view kVolcanoQueue = "scheduling.volcano.sh/queue-name";

/// A scheduler that knows groups.
struct GroupScheduler {
  GangScheduler scheduler = GangScheduler::kVolcano;
  std::string name;  ///< spec.schedulerName of the pods.

  bool IsVolcano() const { return scheduler == GangScheduler::kVolcano; }
};

/// The PodGroup of the job, in an installation with such a scheduler.
struct PodGroup {
  GroupScheduler by;
  bool wanted = false;             ///< The scheduler gathers the pods of this job.
  const Object* object = nullptr;  ///< nullptr when it is not there.
  const PodGroupView* view = nullptr;
};

/// Nothing where the operator gathers gangs itself, or nobody does.
std::optional<GroupScheduler> ReadGroupScheduler(const Settings& settings);

/// The kind that such a scheduler goes by.
const Resource<PodGroupView>& PodGroupKind(const GroupScheduler& by);

/// One for the life of the job.
ObjectKey PodGroupKey(const ObjectKey& job_key, const api::TrainingJob& job);

/// Requires WhyImpossible(job) to be nullopt.
Apply MakePodGroup(const ObjectKey& job_key, const api::TrainingJob& job, const GroupScheduler& by);

/// A job that names a queue of Kueue where Volcano has queues, too: nobody would gather it, should
/// a queue of Volcano be meant.
std::optional<Problem> WhyQueueIsAmbiguous(const api::TrainingJob& job,
                                           const std::optional<GroupScheduler>& by);

std::optional<PodGroup> ObservePodGroup(const ObjectKey& key, const api::TrainingJob& job,
                                        const std::optional<GroupScheduler>& by,
                                        const Snapshot& world);

/// What the pods of the job wait for before they are made, or nothing.
std::optional<api::PendingStatus> WhyGroupIsNotReady(const ObjectKey& key,
                                                     const api::TrainingJob& job,
                                                     const Observed& observed);

/// "; PodGroup churn-gang-x7k2m9pq is Inqueue: 3/4 tasks ...", or nothing when there is nothing to
/// say.
std::string PodGroupSays(const Observed& observed);

/// Makes the pod a member, in place of our gate, if the job has a PodGroup.
Create JoinPodGroup(Create pod, const ObjectKey& job_key, const api::TrainingJob& job,
                    const Observed& observed);

/// Of a job whose pods are to run.
void PlanPodGroup(Plan& plan, const ObjectKey& key, const api::TrainingJob& job,
                  const Observed& observed);

/// Of one whose pods are not: a PodGroup without pods would keep room of its queue.
void RemovePodGroup(Plan& plan, const Observed& observed, const char* why);

}  // namespace slipway::training_job
