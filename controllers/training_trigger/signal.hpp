#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/training_trigger/kind.hpp"
#include "operator/run/plan.hpp"

namespace slipway::training_trigger {

/// What a job is started for when it is not a time of the schedule.
struct Signal {
  api::TriggerCause cause = api::TriggerCause::kUnknown;
  /// Tells it from all others of its cause.
  std::string id;
  Instant time;      ///< When it came up.
  std::string what;  ///< For people: "the drift that ...".
  std::string note;  ///< What its sender says of it; may be empty.
  /// The commit, or a digest over the list of objects; empty for others.
  std::string revision = {};
};

/// What there is of signals in a pass.
struct Signals {
  /// Those that may have a job now and have none, in the order in which they get it.
  std::vector<Signal> due;
  /// When another one is due although nothing happens.
  std::optional<Instant> next;
  /// Why they cannot come. What else starts jobs goes on.
  std::optional<Problem> problem;
  /// One is there, and waits for its cool-down to end.
  bool cooling = false;
  /// What the trigger waits for, a clause each.
  std::vector<std::string> waits;
};

/// The key of the job of a signal. It depends on cause and id alone, so that the API server has
/// room for one job a signal, however often it is asked for.
ObjectKey JobKey(const ObjectKey& key, const api::TrainingTrigger& trigger, api::TriggerCause cause,
                 const std::string& id);

/// That job: the template as it is, with labels and annotations that say where it comes from. A
/// commit is put into its spec.inputs.code.git, when that names the same repository and no commit.
Create MakeJob(const ObjectKey& key, const api::TrainingTrigger& trigger, const Signal& signal);

/// The signal that the job with these annotations was started for; nullopt for one of the schedule,
/// and for one of nobody.
std::optional<Signal> SignalOf(const ObjectMeta& meta);

}  // namespace slipway::training_trigger
