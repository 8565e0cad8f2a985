#pragma once

#include <optional>
#include <string>

#include "controllers/common/failures.hpp"
#include "controllers/training_trigger/observe.hpp"

namespace slipway::training_trigger {

/// What a pass does about the times of the schedule, and about signals.
enum class Step {
  kStall,    ///< The schedule cannot be followed.
  kSuspend,  ///< The user wants no job for now.
  kWait,     ///< Nothing is due.
  kHold,     ///< A job is due, and an active one keeps it from being started.
  kRecord,   ///< A job is due in place of active ones: first that they are to be deleted is
             ///< recorded.
  kClear,    ///< That is recorded; they are deleted.
  kStart,    ///< A job is started.
};

struct Decision {
  Step step = Step::kWait;
  std::optional<Problem> problem;  ///< With kStall.
  /// Schedule and zone that are followed; empty while none are, so that times count from now when
  /// they are again.
  std::string schedule;
  /// Since when times count.
  Instant from{};
  /// The time that a job is due for. With kHold, kRecord, kClear and kStart either this is set or
  /// the signal.
  std::optional<Instant> due;
  std::optional<Signal> signal;
  /// The first time after now, and after all for which jobs were started.
  std::optional<Instant> next;
  /// Times that were found missed by this pass, or those that are recorded.
  std::optional<api::MissedRuns> missed;

  /// The time, or when the signal came up.
  Instant For() const { return signal ? signal->time : *due; }
};

/// The key of the job that a decision is about.
ObjectKey JobKey(const ObjectKey& key, const api::TrainingTrigger& trigger,
                 const Decision& decision);

/// At most one job is started for what has become due since the last one: the newest. Older times
/// are missed, as those longer ago than spec.startingDeadlineSeconds.
///
/// A time for which a job was started never comes again, also when the clock is set back: nothing
/// is due until it has passed.
///
/// A pass starts one job, and times come before signals; the next pass starts the next one.
Decision Decide(const api::TrainingTrigger& trigger, const Observed& observed, Instant now);

}  // namespace slipway::training_trigger
