#include "controllers/training_job/observe.hpp"

#include <algorithm>

#include "controllers/common/conditions.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/model_version/kind.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/elastic.hpp"
#include "controllers/training_job/machines.hpp"
#include "controllers/training_job/members.hpp"
#include "controllers/training_job/result.hpp"
#include "controllers/training_job/steps_observe.hpp"

namespace slipway::training_job {
namespace {

/// A pod without the label is of an operator that did not set it, and is not restarted for that.
bool IsOutdated(const ObjectMeta& pod, const std::string& trainer_hash) {
  const auto label = pod.labels.find(kTrainerHash);
  return label != pod.labels.end() && !trainer_hash.empty() && label->second != trainer_hash;
}

std::vector<NodePod> OwnPods(const ObjectKey& key, const Resolved& resolved,
                             const Snapshot& world) {
  const api::TrainingJob& job = resolved.job;
  std::vector<NodePod> pods;
  // Of a job that its runtime cannot complete nothing can be told about the pods.
  const std::string trainer_hash = resolved.problem ? "" : TrainerHash(job);
  for (const auto& pod : world.All(kPods)) {
    const auto node = NumberLabel<std::int32_t>(pod.meta, labels::kNodeIndex);
    const auto attempt = NumberLabel<std::int32_t>(pod.meta, labels::kAttempt);
    if (!node || !attempt || !IsChildOf(pod.key, pod.meta, key, job.meta)) continue;
    if (pod.key != PodKey(key, job, *node)) continue;
    pods.push_back({*node, *attempt, IsOutdated(pod.meta, trainer_hash), false, &pod.key, &pod.meta,
                    &pod.body, MemberRestartsOf(pod.meta)});
  }
  std::ranges::sort(pods, {}, [](const NodePod& pod) { return std::pair(pod.attempt, pod.node); });
  return pods;
}

const Object* OwnService(const ObjectKey& key, const api::TrainingJob& job, const Snapshot& world) {
  const Object* service = world.FindObject(kServices.type, ServiceKey(key, job));
  const bool ours = service != nullptr && IsChildOf(service->key, service->meta, key, job.meta);
  return ours ? service : nullptr;
}

/// Whether what the status counts are nodes of the group that the job wants now.
bool IsOfGroup(const Record& record, const Observed& observed) {
  return !record.suspended && !observed.outdated && observed.attempt == record.Attempt() &&
         observed.num_nodes == record.nodes.desired;
}

/// A pod that has succeeded may be deleted by anybody (a user who tidies up, the pod garbage
/// collector, a drained node) and must not run again, so successes are remembered in the status.
NodeSet RecordedSuccesses(const Observed& observed) {
  const Record& record = observed.record;
  return ParseNodes(IsOfGroup(record, observed) ? record.succeeded_nodes : "",
                    observed.nodes.size());
}

/// One pod of the present trainer is enough to show that the former group was dealt with.
bool IsGroupOutdated(const Observed& observed) {
  return observed.Pods().empty() && std::ranges::any_of(observed.leftovers, [&](const auto& pod) {
           return pod.outdated && pod.attempt == observed.attempt;
         });
}

void SortOutNodes(Observed& observed) {
  observed.succeeded = RecordedSuccesses(observed);
  observed.missing.resize(observed.nodes.size());
  for (std::size_t node = 0; node < observed.nodes.size(); ++node) {
    const auto& pod = observed.nodes[node];
    if (pod && pod->Succeeded()) observed.succeeded[node] = true;
    observed.missing[node] = !observed.succeeded[node] && (!pod || pod->Ending());
  }
}

/// What was recorded with the success of node 0 holds, since its pod may be gone. Should an
/// operator that knew of no results have recorded that, it is as if the program had reported
/// nothing.
std::optional<api::TrainingResult> FindResult(const api::TrainingJob& job,
                                              const Observed& observed) {
  if (!WantsResult(job) || !observed.succeeded.at(0)) return std::nullopt;
  if (RecordedSuccesses(observed).at(0) && job.status->result) return job.status->result;
  const auto& pod = observed.nodes.at(0);
  if (!pod || !pod->Succeeded()) return api::TrainingResult{};
  return ReadReport(*pod->view, ResultFile(job));
}

/// A version says which job it is of where nobody can change it.
bool IsMadeFrom(const api::ModelVersion& version, const api::TrainingJob& job) {
  const auto& lineage = version.spec.lineage;
  return lineage && lineage->training_job && lineage->training_job->uid == job.meta.uid;
}

void FindVersions(const ObjectKey& key, const api::TrainingJob& job, const Snapshot& world,
                  Observed& observed) {
  for (const auto& version : world.All(model_version::kModelVersions)) {
    if (version.key.cluster != key.cluster || version.key.ns != key.ns) continue;
    observed.versions.push_back(&version.body);
    if (IsMadeFrom(version.body, job)) observed.own_version = &version.body;
  }
}

std::optional<Instant> TrueSince(const std::vector<api::Condition>& conditions,
                                 std::string_view type) {
  if (!IsTrue(conditions, type)) return std::nullopt;
  return FindCondition(conditions, type)->last_transition_time;
}

bool WasWhole(const Observed& observed) {
  const Record& record = observed.record;
  const std::int32_t existed = record.nodes.active + record.nodes.succeeded + record.nodes.failed;
  return IsOfGroup(record, observed) &&
         existed + CountRecordedAbsent(observed) >= observed.num_nodes;
}

}  // namespace

std::vector<const NodePod*> Observed::Pods() const {
  std::vector<const NodePod*> pods;
  for (const auto& node : nodes) {
    if (node) pods.push_back(&*node);
  }
  return pods;
}

std::vector<std::int32_t> Observed::Lost() const {
  std::vector<std::int32_t> lost;
  for (std::int32_t node = 0; node < num_nodes; ++node) {
    if (IsMissing(node) && !IsAwaited(node)) lost.push_back(node);
  }
  return lost;
}

Record ReadRecord(const api::TrainingJob& job) {
  if (!job.status) return {};
  const api::TrainingJobStatus& status = *job.status;
  Record record;
  record.finished = IsTrue(status.conditions, condition::kComplete) ||
                    IsTrue(status.conditions, condition::kFailed);
  record.suspended = IsTrue(status.conditions, condition::kSuspended);
  record.restarts = status.restarts.value_or(0);
  record.resumes = status.resumes.value_or(0);
  if (status.gang) record.requeues = status.gang->requeues;
  record.counted = status.restarts_count_towards_max.value_or(record.restarts);
  record.nodes = status.nodes.value_or(api::NodeCounts{});
  record.succeeded_nodes = status.succeeded_nodes.value_or("");
  record.missing_since = TrueSince(status.conditions, condition::kNodeMissing);
  record.running_since = TrueSince(status.conditions, condition::kRunning);
  record.silent_since = TrueSince(status.conditions, condition::kNoProgress);
  record.start_time = status.start_time;
  record.last_failure = status.last_failure;
  record.member_restarts = status.member_restarts.value_or(0);
  record.members = status.members;
  return record;
}

Observed Observe(const ObjectKey& key, const Resolved& resolved,
                 const std::optional<GroupScheduler>& gangs, const Snapshot& world) {
  const api::TrainingJob& job = resolved.job;
  Observed observed;
  observed.runtime_problem = resolved.problem;
  observed.runtime_unrecorded = resolved.IsUnrecorded();
  observed.record = ReadRecord(job);
  observed.elastic = ReadElastic(job);
  observed.service = OwnService(key, job, world);
  observed.pod_group = ObservePodGroup(key, job, gangs, world);
  const std::vector<NodePod> pods = OwnPods(key, resolved, world);
  observed.attempt = observed.record.Attempt();
  if (!pods.empty()) observed.attempt = std::max(observed.attempt, pods.back().attempt);
  observed.num_nodes = SizeOfGroup(job, observed);
  observed.counted = observed.record.counted + observed.Restarts() - observed.record.restarts;

  observed.nodes.resize(static_cast<std::size_t>(observed.num_nodes));
  observed.members = RecordedMembers(observed);
  observed.member_restarts = observed.record.member_restarts;
  for (const auto& pod : pods) {
    const bool current = pod.attempt == observed.attempt && !pod.outdated;
    const auto node = static_cast<std::size_t>(pod.node);
    if (current && pod.node < observed.num_nodes &&
        pod.member_restarts >= observed.members[node].restarts) {
      observed.nodes[node] = pod;
    } else {
      observed.leftovers.push_back(pod);
    }
  }
  SortOutMembers(observed);
  observed.outdated = IsGroupOutdated(observed);
  SortOutNodes(observed);
  observed.was_whole = WasWhole(observed);
  observed.result = FindResult(job, observed);
  FindVersions(key, job, world, observed);
  observed.machines = FindMachines(key, world);
  ObserveSteps(key, resolved, world, observed);
  observed.gang = ObserveGang(key, job, observed, world);
  return observed;
}

}  // namespace slipway::training_job
