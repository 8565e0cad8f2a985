#pragma once

#include <optional>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/common/settings.hpp"
#include "controllers/common/worker_pod.hpp"
#include "controllers/training_trigger/watch.hpp"
#include "operator/kube/workloads.hpp"
#include "operator/run/plan.hpp"

namespace slipway::training_trigger {

/// A poll pod of the trigger.
struct PollPod : WorkerPod {
  api::TriggerCause cause = api::TriggerCause::kUnknown;

  bool Live() const { return !view->Ended(); }
  /// It has no result, and will have none.
  bool Lost(Instant now) const { return !Ended() && now >= meta->created + kPollEndsWithin; }
};

/// A source as it stands.
struct Watched {
  Watch watch;
  api::WatchStatus record;  ///< With which this pass begins.
  /// The pod that makes the next look; it is there already as `pod`, or is to be made when the time
  /// has come. Absent while the record is not in the status yet, for its name comes from there, and
  /// while no pod can be made at all.
  std::optional<Create> poll;
  std::optional<PollPod> pod;
  /// A pod that is of no use any more, but has not ended: one looks at a time.
  std::optional<PollPod> in_the_way;
  /// What the pod came to, once it has ended or never will.
  std::optional<Result<PollResult>> result;
  /// What keeps the source from being looked at, in the words of the worker or the kubelet.
  std::optional<Problem> problem;

  bool Due(Instant now) const {
    return poll && !pod && !in_the_way && now >= record.next_poll_time;
  }
};

struct Polls {
  std::vector<Watched> watched;
  /// Pods that are of no use any more: their result is recorded, or something else is to be looked
  /// at by now.
  std::vector<PollPod> done;
};

/// Finds the trigger's own poll pods. The name of one is a hash over all that it is told, of which
/// the time, the source and the objects to count from are parts: a pod whose result would be about
/// something else than is wanted now has another name than the one that is looked for.
Polls ObservePolls(const ObjectKey& key, const api::TrainingTrigger& trigger, const Snapshot& world,
                   const Settings& settings, Instant now);

/// Adds the pods to make and to delete, and when to look again.
void AddPolls(Plan& plan, const Polls& polls, Instant now);

}  // namespace slipway::training_trigger
