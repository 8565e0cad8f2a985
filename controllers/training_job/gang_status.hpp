#pragma once

#include <optional>
#include <vector>

#include "controllers/common/conditions.hpp"
#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/describe.hpp"
#include "operator/run/plan.hpp"

/// What the status of a job with spec.schedulingPolicy tells about its pods and machines.
namespace slipway::training_job {

/// What there is to say before anything else while the group waits for its machines, or nothing.
std::optional<Account> DescribeGang(const api::TrainingJob& job, const Observed& observed,
                                    Step step);

/// Of a pod that is being deleted: nothing of it runs, or ever did, and Kueue has not let it go.
bool IsKeptByKueue(const NodePod& pod);

/// The decision that the group is taken back.
Account DescribeRequeue(const api::TrainingJob& job, const Observed& observed, Instant now);

/// Sets status.gang, status.pending and the condition Admitted. status.gang stays when the policy
/// goes, since the number of a start counts what it holds.
void SetGang(api::TrainingJobStatus& status, const api::TrainingJob& job, const Observed& observed,
             const Decision& decision, const Account& account, ConditionWriter& conditions,
             Instant now);

/// That a group was taken back, or can never fit.
std::vector<EmitEvent> GangEvents(const std::optional<api::TrainingJobStatus>& before,
                                  const api::TrainingJobStatus& after);

}  // namespace slipway::training_job
