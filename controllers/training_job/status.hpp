#pragma once

#include <vector>

#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/observe.hpp"
#include "operator/run/plan.hpp"

namespace slipway::training_job {

/// The whole status after a decision. A pure function: the same inputs give the same bytes, and a
/// pass that decides the same about the same world changes nothing.
///
/// For kstatus, and by it Flux and `kubectl wait`, a job is in progress (`Reconciling`) from the
/// first look until it ends, also while it is suspended or waits for quota: what depends on a job
/// depends on its result. Flux reads batch/v1 Jobs in the same way
/// (https://github.com/fluxcd/pkg/blob/main/runtime/statusreaders/job.go). It is failed (`Stalled`)
/// when only a change by the user can help, and current when it is Complete.
api::TrainingJobStatus MakeStatus(const Resolved& resolved, const Observed& observed,
                                  const Decision& decision,
                                  const std::vector<WriteFailure>& failures, Instant now);

/// Events for what changed between two statuses. A job without faults gives one: Complete.
std::vector<EmitEvent> MakeEvents(const std::optional<api::TrainingJobStatus>& before,
                                  const api::TrainingJobStatus& after);

}  // namespace slipway::training_job
