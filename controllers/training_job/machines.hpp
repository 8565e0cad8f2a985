#pragma once

#include <vector>

#include "controllers/training_job/failure_policy.hpp"
#include "controllers/training_job/observe.hpp"
#include "operator/run/controller.hpp"

/// The machines that the pods are on, for rules with onNodeConditions.
namespace slipway::training_job {

/// Jobs with such a rule look at the machines of their pods, and only at these.
Lookup LookUpMachines();

/// What is known of machines, by name.
Machines FindMachines(const ObjectKey& key, const Snapshot& world);

/// Whether a machine has one of the conditions. False of one that is not known.
bool HasCondition(const MachineView* machine,
                  const std::vector<api::NodeConditionRequirement>& wanted);

/// Names the machine of each failure, and adds, behind them, the pods that run where they must not
/// by a rule of the policy: these are taken for failed.
void AddMachines(const api::FailurePolicy& policy, const Observed& observed, Instant now,
                 std::vector<Failure>& failures);

}  // namespace slipway::training_job
