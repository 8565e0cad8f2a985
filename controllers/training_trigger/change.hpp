#pragma once

#include <string>

#include "controllers/training_trigger/decide.hpp"

/// Jobs by data and by commit: one for each time that a look at a source has made one due, told
/// from others by when it did (watch.hpp).
namespace slipway::training_trigger {

/// Adds what is due by the records of the sources and has no job in view, and what the trigger
/// waits for; or why a source cannot be looked at.
void FindChanges(const api::TrainingTrigger& trigger, Observed& observed);

/// Records what the looks came to, and that jobs were started for what was due: those in view that
/// the status does not know, and the one that this pass has started, if it has.
void RecordChanges(api::TrainingTriggerStatus& status, const Observed& observed,
                   const Decision& decision, bool started, Instant now);

/// What the job of status.lastTrigger was started for, for people.
std::string NameStartedChange(const api::TrainingTriggerStatus& status);

/// Whether the status does not say any more that the job has to be started.
bool IsChangeRecorded(const api::TrainingTrigger& trigger, const StartedJob& job);

}  // namespace slipway::training_trigger
