#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controllers/training_job/gang.hpp"
#include "controllers/training_job/kind.hpp"
#include "controllers/training_job/node_set.hpp"
#include "controllers/training_job/pod_group.hpp"
#include "controllers/training_job/runtime.hpp"
#include "controllers/training_job/steps.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::training_job {

/// A pod of the job. Points into the snapshot, so it lives no longer than one pass.
struct NodePod {
  std::int32_t node = 0;     ///< Rank, 0 to numNodes-1.
  std::int32_t attempt = 0;  ///< Which start of the whole group it belongs to.
  bool outdated = false;     ///< Made from a trainer that is no longer in the spec.
  bool of_step = false;      ///< A pod of a step, which has no rank.
  const ObjectKey* key = nullptr;
  const ObjectMeta* meta = nullptr;
  const PodView* view = nullptr;
  std::int32_t member_restarts = 0;  ///< How often its node was restarted by itself before.

  bool Ending() const { return meta->deleted.has_value(); }
  bool Failed() const { return view->phase == PodView::Phase::kFailed; }
  /// Ended with exit code 0 by itself. The API server removes a pod that has ended at once when it
  /// is deleted, so one that is Ending was still running then, and a program that ends with 0
  /// because it was told to stop has not reached its goal.
  bool Succeeded() const { return view->phase == PodView::Phase::kSucceeded && !Ending(); }
  /// Neither ended nor being deleted: it holds or waits for resources.
  bool Active() const { return !Succeeded() && !Failed() && !Ending(); }
  bool Running() const { return view->phase == PodView::Phase::kRunning && !Ending(); }
};

/// Machines by name.
using Machines = std::map<std::string, const MachineView*, std::less<>>;

/// A step of the job, with the pod of its start that counts.
struct StepState {
  StepProgram program;
  std::string hash;
  /// Which start counts, from 1: the later of what the status and its pod say.
  std::int32_t attempt = 1;
  std::int32_t failures = 0;
  /// What the status says of it; nullptr when it is about another program, or about none.
  const api::StepStatus* record = nullptr;
  bool recorded = false;  ///< The status says that it has succeeded.
  bool done = false;      ///< It has succeeded, by what the status, its pod or the nodes say.
  std::optional<NodePod> pod;
};

/// The steps of the job that have pods of their own.
struct Steps {
  std::vector<StepState> prepare;
  std::optional<StepState> evaluation;
  std::string train_hash;
  /// What succeeded or was begun is no longer what the spec says, so the job was suspended,
  /// changed and resumed unseen, between two passes.
  bool changed = false;
  /// The runtime cannot complete the job, so nothing can be told about the programs.
  bool unknown = false;
  /// The nodes have succeeded, and the status says so: of a job with an evaluation of its own.
  bool trained = false;
  /// Place of the step that is to run now; after those before the training comes the evaluation.
  std::optional<std::size_t> due;
  /// With `unknown`: all pods of steps.
  std::vector<NodePod> unsorted;
  std::string ns;          ///< Of the job, for commands that are shown.
  std::string first_node;  ///< Name of the pod of node 0.

  /// The step that is to run now, or nullptr.
  const StepState* Due() const {
    if (!due) return nullptr;
    return *due < prepare.size() ? &prepare[*due] : &evaluation.value();
  }
};

/// What the status of the job said when this pass began: the only memory a pass has.
struct Record {
  bool finished = false;
  bool suspended = false;
  std::int32_t restarts = 0;
  std::int32_t resumes = 0;
  std::int32_t requeues = 0;
  /// Those of the restarts that count towards the limit.
  std::int32_t counted = 0;
  api::NodeCounts nodes;
  std::string succeeded_nodes;
  /// Since when a pod has been missing without a trace.
  std::optional<Instant> missing_since;
  std::optional<Instant> start_time;
  std::optional<api::NodeFailure> last_failure;
  std::int32_t member_restarts = 0;
  std::vector<api::MemberState> members;
  /// Since when all nodes have run; nothing while they do not.
  std::optional<Instant> running_since;
  /// Since when it has been told that the group does not report.
  std::optional<Instant> silent_since;

  /// Which start of the group it is about.
  std::int32_t Attempt() const { return restarts + resumes + requeues; }
  bool CountsAny() const {
    return nodes.active + nodes.succeeded + nodes.failed > 0 || !succeeded_nodes.empty();
  }
};

/// What an elastic job goes by (elastic.hpp).
struct Elastic {
  std::int32_t min_nodes = 1;
  std::int32_t wanted = 1;  ///< What the spec asks for, which the group may have yet to take on.
};

/// The job as it stands.
struct Observed {
  Record record;
  /// Why the job's runtime cannot complete it.
  std::optional<Problem> runtime_problem;
  /// What the runtime says has to be in the status before pods are made of it.
  bool runtime_unrecorded = false;
  /// The start of the group that counts, after a failure or a suspension: the later of what the
  /// status and the pods say.
  std::int32_t attempt = 0;
  /// Restarts up to this attempt that count towards spec.failurePolicy.maxRestarts. Of those that
  /// the status does not know it cannot be told, so they count.
  std::int32_t counted = 0;
  std::int32_t num_nodes = 0;
  std::optional<Elastic> elastic;  ///< Only of a job with spec.elasticPolicy.
  /// Pods of this attempt by node; nullopt where there is none.
  std::vector<std::optional<NodePod>> nodes;
  /// By node: how often it was restarted by itself, and whether its next pod has yet to be made.
  std::vector<api::MemberState> members;
  /// Restarts of single nodes in all attempts, all of which count.
  std::int32_t member_restarts = 0;
  /// Pods that must be gone before the group may start: those of earlier attempts, those of nodes
  /// that the job no longer has, those made from another trainer, and those of nodes that are
  /// restarted by themselves; with the like of steps.
  std::vector<NodePod> leftovers;
  /// All pods of this attempt were made from another trainer. The spec lets it change only while
  /// the job is suspended, so it was suspended and resumed unseen, between two passes.
  bool outdated = false;
  const Object* service = nullptr;
  /// Only where another scheduler gathers gangs.
  std::optional<PodGroup> pod_group;
  /// Where programs report to while they run; empty when this operator takes no reports.
  std::string report_url;
  /// What the program of node 0 reported, once that has succeeded. Only of a job that wants to
  /// know.
  std::optional<api::TrainingResult> result;
  /// The versions of the models that the job makes and is compared with.
  std::vector<const api::ModelVersion*> versions;
  /// The one of them that was made from this job, or nullptr.
  const api::ModelVersion* own_version = nullptr;
  /// Nodes of this attempt that have succeeded, with those whose pods were deleted since.
  NodeSet succeeded;
  /// Nodes that have not succeeded and whose pod does not exist or is being deleted.
  NodeSet missing;
  /// Those of its pods. Only of a job that wants to know.
  Machines machines;
  /// All pods of this attempt have existed at one time, so a missing one is lost, not late.
  bool was_whole = false;
  Steps steps;
  /// Only of a job with spec.schedulingPolicy.
  Gang gang;

  std::vector<const NodePod*> Pods() const;      ///< Those of `nodes` that exist, by node.
  std::vector<const NodePod*> StepPods() const;  ///< Those of `steps` that exist, in order.
  std::int32_t CountSucceeded() const { return Count(succeeded); }
  std::int32_t CountMissing() const { return Count(missing); }
  bool IsMissing(std::int32_t node) const { return missing[static_cast<std::size_t>(node)]; }
  /// Missing because it is restarted by itself, and not lost.
  bool IsAwaited(std::int32_t node) const {
    return IsMissing(node) && members[static_cast<std::size_t>(node)].awaited.value_or(false);
  }
  /// The missing nodes that are not awaited.
  std::vector<std::int32_t> Lost() const;
  /// Restarts of all kinds that count towards spec.failurePolicy.maxRestarts.
  std::int32_t Used() const { return counted + member_restarts; }
  /// Starts after a failure. One that the status does not know is taken for such.
  std::int32_t Restarts() const { return attempt - record.resumes - record.requeues; }
  bool AnyPods() const { return !leftovers.empty() || !Pods().empty() || !StepPods().empty(); }

 private:
  static std::int32_t Count(const NodeSet& nodes) {
    return static_cast<std::int32_t>(std::count(nodes.begin(), nodes.end(), true));
  }
};

/// Reads the status. A job without one has never been looked at.
Record ReadRecord(const api::TrainingJob& job);

/// Finds the job's own pods and service. A pod counts only when it carries the job's owner
/// reference and bears exactly the name that the operator gives to the node and attempt on its
/// labels; anything else that claims to belong to the job is left alone. `gangs` is who gathers
/// them in place of the operator, if somebody does.
Observed Observe(const ObjectKey& key, const Resolved& resolved,
                 const std::optional<GroupScheduler>& gangs, const Snapshot& world);

}  // namespace slipway::training_job
