#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/training_job/kind.hpp"
#include "operator/run/controller.hpp"
#include "operator/run/plan.hpp"

/// All or nothing: how the pods of a job with spec.schedulingPolicy come to their machines.
///
///   (waits) <--> Reserved --> Released --> Started
///      ^                          |
///      +------- Requeue ----------+
///
/// With gang Required every pod is made with a gate that keeps it from the scheduler. Room is
/// reserved in the status first, and only a pass that sees the reservation there gives the pods
/// away; so of two jobs that reserve the same room at the same time at least one sees the other and
/// steps back. See docs/decisions/0014-gangs-by-gates.md.
namespace slipway::training_job {

struct Observed;

inline constexpr std::string_view kGangGate = "slipway.dev/gang";

/// The gang as it stands, and what this pass makes of it.
struct Gang {
  /// What the status says of this start of the group, and since when.
  std::optional<api::GangState> state;
  std::optional<Instant> since;
  /// Pods that have no machine and have not ended.
  std::int32_t unplaced = 0;
  /// What is to be recorded; equal to `state` when nothing is.
  std::optional<api::GangState> next;
  std::optional<api::PendingStatus> pending;
  /// The job names a queue of Kueue, which has not taken its pods.
  bool without_kueue = false;
};

/// Whether the job's pods are made with a gate of ours, or belong to a PodGroup in its place.
bool IsGated(const api::TrainingJob& job);

/// Whether all pods of the start that counts were placed.
bool IsStarted(const api::TrainingJob& job);

/// Puts the gate into the spec of a pod, if the job wants it.
void AddGate(const api::TrainingJob& job, nlohmann::json& pod_spec);

/// Of a job with spec.schedulingPolicy.queue: the labels and annotations by which Kueue takes its
/// pods for one group, a new one at each start, and admits all of them or none
/// (https://kueue.sigs.k8s.io/docs/tasks/run/plain_pods/).
void AddQueue(const api::TrainingJob& job, std::int32_t attempt, Labels& labels,
              Labels& annotations);

/// What a job that waits for room looks at: machines, pods, and the other jobs that wait.
std::vector<Lookup> LookUpRoom();

/// Why a job cannot be a gang in this installation, or nullopt.
std::optional<Problem> WhyNoGang(const api::TrainingJob& job, bool gathered);

/// Requires everything else in `observed`.
Gang ObserveGang(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                 const Snapshot& world);

/// A group that was released, and of which a pod that had no machine when its time was over has
/// been deleted: it can start no more.
bool WasNeverPlaced(const api::TrainingJob& job, const Observed& observed, Instant now);

/// When a group that was taken back may be made again; nullopt when none was, or by a clock that
/// was set back since.
std::optional<Instant> RequeueTime(const api::TrainingJob& job, Instant now);

/// The same text from the moment in which a group is taken back until its next pods are there.
std::string WriteTimeout(const api::TrainingJob& job, Instant until);

/// Gives released pods to the scheduler. When their time is over, deletes those that have no
/// machine, provided that nothing has changed of them since: which proves that the group had not
/// started.
void PlanGang(Plan& plan, const api::TrainingJob& job, const Observed& observed, Instant now);

}  // namespace slipway::training_job
