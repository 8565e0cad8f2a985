#pragma once

#include "controllers/training_trigger/observe.hpp"
#include "operator/run/controller.hpp"

/// Jobs by drift: one for each time that the condition DriftDetected of a DriftMonitor becomes
/// True, told from others by when it did.
namespace slipway::training_trigger {

/// A trigger looks at the DriftMonitor that spec.onDrift names.
Lookup LookUpMonitors();

/// Adds the drift that is there and has had no job, or what the trigger waits for instead.
///
/// What counts is what the monitor says now: a drift that was found while the trigger was
/// suspended, not there yet, or in its cool-down has its job afterwards if it is still there, and
/// none if it is not.
void FindDrift(const ObjectKey& key, const api::TrainingTrigger& trigger, const Snapshot& world,
               Instant now, Observed& observed);

/// Records that jobs were started for drifts: those in view that the status does not know, and the
/// one that this pass has started, if any.
void RecordDrift(api::TrainingTriggerStatus& status, const ObjectKey& key,
                 const api::TrainingTrigger& trigger, const Observed& observed,
                 const Signal* started, Instant now);

/// Whether the status tells of the drift for which the job was started, or of a later one.
bool IsDriftRecorded(const api::TrainingTrigger& trigger, const StartedJob& job);

}  // namespace slipway::training_trigger
