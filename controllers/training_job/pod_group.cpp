#include "controllers/training_job/pod_group.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/fit.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/gang.hpp"
#include "controllers/training_job/observe.hpp"
#include "operator/base/quantity.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

constexpr std::string_view kGroupRole = "gang";
constexpr std::string_view kVolcanoGroup = "scheduling.k8s.io/group-name";
constexpr std::string_view kCoschedulingGroup = "scheduling.x-k8s.io/pod-group";

/// What one pod requests, as the scheduler counts it. All pods of a job request the same.
Amounts RequestsOf(const ObjectKey& job_key, const api::TrainingJob& job) {
  const std::string spec = MakePod(job_key, job, 0, 0).body["spec"].dump();
  JsonParser parser;
  const auto view = parser.Parse(spec);
  return view ? DecodePodNeeds(*view).requests : Amounts{};
}

json MinResources(const ObjectKey& job_key, const api::TrainingJob& job) {
  json sum = json::object();
  for (const auto& [name, amount] : RequestsOf(job_key, job)) {
    std::int64_t all = 0;
    // It is the least that is needed, so what is beyond all bounds may be left out.
    if (__builtin_mul_overflow(amount, job.spec.trainer.num_nodes, &all) || all <= 0) continue;
    // Schedulers count pods by themselves.
    if (name != "pods") sum[name] = CanonicalQuantity(WriteAmount(all));
  }
  return sum;
}

std::optional<std::string> QueueOfVolcano(const api::TrainingJob& job) {
  const auto& pod = job.spec.trainer.pod_template;
  if (!pod || !pod->metadata) return std::nullopt;
  const auto found = pod->metadata->annotations.find(std::string(kVolcanoQueue));
  return found == pod->metadata->annotations.end() ? std::nullopt : std::optional(found->second);
}

void AddForVolcano(const api::TrainingJob& job, json& spec) {
  if (const auto queue = QueueOfVolcano(job)) spec["queue"] = *queue;
  const auto& pod = job.spec.trainer.pod_template;
  if (pod && pod->priority_class_name) spec["priorityClassName"] = *pod->priority_class_name;
}

bool IsWanted(const Observed& observed) { return observed.pod_group && observed.pod_group->wanted; }

/// Volcano lets a group into its queue before the pods are there, when the queue has room for what
/// spec.minResources says; so no pod is made of a job that has yet to come to that.
bool IsHeldByVolcano(const PodGroup& group) {
  return group.by.IsVolcano() && (group.view->phase.empty() || group.view->phase == "Pending");
}

std::string WhyHeldByVolcano(const api::TrainingJob& job, const Observed& observed) {
  const std::string queue = QueueOfVolcano(job).value_or("default");
  if (observed.pod_group->view->phase.empty()) {
    return fmt::format(
        "Volcano has said nothing of PodGroup {} yet; if that stays so, look whether its scheduler "
        "runs and queue {} exists",
        observed.pod_group->object->key.name, queue);
  }
  return fmt::format("the pods are made when queue {} of Volcano has room for all of them{}", queue,
                     PodGroupSays(observed));
}

bool IsSeen(const Observed& observed) {
  const PodGroup& group = *observed.pod_group;
  return group.object != nullptr && !group.object->meta.deleted &&
         group.view->min_member == observed.num_nodes;
}

/// Of a former start, and final for the controller that writes it.
bool IsOver(std::string_view phase) {
  return phase == "Completed" || phase == "Finished" || phase == "Failed";
}

}  // namespace

std::optional<GroupScheduler> ReadGroupScheduler(const Settings& settings) {
  const GangScheduler scheduler = settings.gang_scheduler;
  const bool volcano = scheduler == GangScheduler::kVolcano;
  if (!volcano && scheduler != GangScheduler::kCoscheduling) return std::nullopt;
  GroupScheduler by{scheduler, settings.gang_scheduler_name};
  if (by.name.empty()) by.name = volcano ? "volcano" : "scheduler-plugins-scheduler";
  return by;
}

const Resource<PodGroupView>& PodGroupKind(const GroupScheduler& by) {
  return by.IsVolcano() ? kVolcanoPodGroups : kCoschedulingPodGroups;
}

ObjectKey PodGroupKey(const ObjectKey& job_key, const api::TrainingJob& job) {
  return ChildKey(job_key, ChildName(job.meta.name, job.meta.uid, kGroupRole));
}

Apply MakePodGroup(const ObjectKey& job_key, const api::TrainingJob& job,
                   const GroupScheduler& by) {
  json spec = {{"minMember", job.spec.trainer.num_nodes}};
  if (json sum = MinResources(job_key, job); !sum.empty()) spec["minResources"] = std::move(sum);
  if (by.IsVolcano()) {
    AddForVolcano(job, spec);
  } else {
    spec["scheduleTimeoutSeconds"] = job.spec.scheduling_policy->schedule_timeout_seconds;
  }
  return {PodGroupKind(by).type, PodGroupKey(job_key, job),
          json{{"metadata", {{"labels", ChildLabels(kApplication, job.meta, kGroupRole)}}},
               {"spec", std::move(spec)}}};
}

std::optional<Problem> WhyQueueIsAmbiguous(const api::TrainingJob& job,
                                           const std::optional<GroupScheduler>& by) {
  const auto& policy = job.spec.scheduling_policy;
  if (!by || !by->IsVolcano() || !policy || !policy->queue || IsStarted(job)) return std::nullopt;
  return Problem{
      std::string(reason::kQueueOfKueue),
      fmt::format(
          "spec.schedulingPolicy.queue is {}, a LocalQueue of Kueue, but the operator is "
          "configured with gangScheduler Volcano; suspend the job, remove queue, and name a "
          "queue of Volcano by the annotation {} in "
          "spec.trainer.podTemplate.metadata.annotations, or have another gangScheduler set",
          *policy->queue, kVolcanoQueue),
      true};
}

std::optional<PodGroup> ObservePodGroup(const ObjectKey& key, const api::TrainingJob& job,
                                        const std::optional<GroupScheduler>& by,
                                        const Snapshot& world) {
  if (!by) return std::nullopt;
  PodGroup group{*by, IsGated(job), nullptr, nullptr};
  const Object* found = world.FindObject(PodGroupKind(*by).type, PodGroupKey(key, job));
  if (found == nullptr || !IsChildOf(found->key, found->meta, key, job.meta)) return group;
  group.object = found;
  group.view = static_cast<const PodGroupView*>(found->body.get());
  return group;
}

std::optional<api::PendingStatus> WhyGroupIsNotReady(const ObjectKey& key,
                                                     const api::TrainingJob& job,
                                                     const Observed& observed) {
  // A group that has pods goes on, whatever becomes of its PodGroup.
  const bool made = observed.was_whole || !observed.Pods().empty() || observed.CountSucceeded() > 0;
  if (!IsWanted(observed) || made || !observed.leftovers.empty()) return std::nullopt;
  const PodGroup& group = *observed.pod_group;
  if (!IsSeen(observed)) {
    return api::PendingStatus{
        std::string(reason::kWaitingForPodGroup),
        fmt::format("PodGroup {} of {} is made before the pods", PodGroupKey(key, job).name,
                    PodGroupKind(group.by).type.ApiVersion()),
        {},
        {},
        {}};
  }
  if (!IsHeldByVolcano(group)) return std::nullopt;
  return api::PendingStatus{
      std::string(reason::kHeldByVolcano), OneLine(WhyHeldByVolcano(job, observed)), {}, {}, {}};
}

std::string PodGroupSays(const Observed& observed) {
  if (!IsWanted(observed) || observed.pod_group->object == nullptr) return "";
  const PodGroupView& view = *observed.pod_group->view;
  if (view.phase.empty() || IsOver(view.phase)) return "";
  return fmt::format("; PodGroup {} is {}{}", observed.pod_group->object->key.name, view.phase,
                     view.unschedulable.empty() ? "" : ": " + view.unschedulable);
}

Create JoinPodGroup(Create pod, const ObjectKey& job_key, const api::TrainingJob& job,
                    const Observed& observed) {
  if (!IsWanted(observed)) return pod;
  const GroupScheduler& by = observed.pod_group->by;
  pod.body["spec"].erase("schedulingGates");
  pod.body["spec"]["schedulerName"] = by.name;
  const char* where = by.IsVolcano() ? "annotations" : "labels";
  const std::string_view mark = by.IsVolcano() ? kVolcanoGroup : kCoschedulingGroup;
  pod.body["metadata"][where][std::string(mark)] = PodGroupKey(job_key, job).name;
  return pod;
}

void PlanPodGroup(Plan& plan, const ObjectKey& key, const api::TrainingJob& job,
                  const Observed& observed) {
  if (!observed.pod_group) return;
  if (!observed.pod_group->wanted) return RemovePodGroup(plan, observed, "its job is no gang");
  const Object* object = observed.pod_group->object;
  if (object != nullptr && object->meta.deleted) return;
  plan.actions.emplace_back(MakePodGroup(key, job, observed.pod_group->by));
}

void RemovePodGroup(Plan& plan, const Observed& observed, const char* why) {
  if (!observed.pod_group) return;
  const Object* object = observed.pod_group->object;
  if (object == nullptr || object->meta.deleted) return;
  plan.actions.emplace_back(Delete{object->type, object->key, object->meta.uid, why, std::nullopt});
}

}  // namespace slipway::training_job
