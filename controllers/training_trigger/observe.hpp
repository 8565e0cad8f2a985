#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/training_trigger/polls.hpp"
#include "controllers/training_trigger/signal.hpp"
#include "operator/kube/resource.hpp"

namespace slipway::training_trigger {

/// A job of the trigger. Points into the snapshot, so it lives no longer than one pass.
struct StartedJob {
  Instant scheduled;  ///< The time that it is for, or when its signal came up.
  const ObjectKey* key = nullptr;
  const ObjectMeta* meta = nullptr;
  const api::TrainingJob* job = nullptr;
  std::optional<Signal> signal{};  ///< Of one that is not for a time of the schedule.

  bool Ending() const { return meta->deleted.has_value(); }
  bool Complete() const;
  bool Failed() const;
  /// Neither Complete nor Failed. One that is being deleted is active until it is gone: its pods
  /// may still run.
  bool Active() const { return !Complete() && !Failed(); }
};

/// The trigger as it stands.
struct Observed {
  std::vector<StartedJob> jobs;  ///< By the time that they are for, oldest first.
  /// The newest scheduled time for which a job was started: the later of what the status and the
  /// jobs say, so that a job that was created just before the operator ended is not started again.
  std::optional<Instant> last;
  /// When a job was Complete for the last time, by the status and the jobs.
  std::optional<Instant> last_success;
  /// The newest job is recorded as active, but not in view: it was deleted, or has not come into
  /// view yet. It counts as active for a while after its start.
  bool unseen = false;
  /// What asks for a job beside the schedule; found by drift.hpp, change.hpp and request.hpp.
  Signals signals;
  /// The sources that are looked at, and the pods that do.
  Polls polls;
  /// Where requests for jobs are sent to; nullopt when none are taken.
  std::optional<std::string> webhook_url;

  std::vector<const StartedJob*> Active() const;
};

/// Finds the trigger's own jobs: those with its owner reference and the name that the operator
/// gives to the time, or the signal, on their annotations. A job that somebody has made otherwise
/// is nobody's business here.
Observed Observe(const ObjectKey& key, const api::TrainingTrigger& trigger, const Snapshot& world,
                 Instant now);

}  // namespace slipway::training_trigger
