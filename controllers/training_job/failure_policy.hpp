#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/training_job/observe.hpp"

/// What ended a group, and what spec.failurePolicy makes of it.
namespace slipway::training_job {

/// A node that will not succeed in this attempt.
struct Failure {
  api::NodeFailure what;
  const NodePod* pod = nullptr;          ///< nullptr when it vanished.
  const MachineView* machine = nullptr;  ///< That of the pod; nullptr when it is not known.
};

/// The pods that have failed, the one that ended first at the front, since the others usually fail
/// because of it; behind them, of a group that was whole or has failed, those that somebody
/// deleted.
std::vector<Failure> FindFailures(const Observed& observed, Instant now);

/// The failure of the first node whose pod vanished without a trace. Requires one that is lost.
Failure DescribeLost(const ObjectKey& key, const api::TrainingJob& job, const Observed& observed,
                     Instant now);

/// The first of the rules that fits the failure, from 0; nullopt when none does.
std::optional<std::size_t> FindRule(const api::FailurePolicy& policy, const Failure& failure);

/// What is to be done about the failures of a group.
struct Verdict {
  api::FailureAction action = api::FailureAction::kRestartGroup;
  api::NodeFailure failure;          ///< The one that decided.
  std::size_t rule = 0;              ///< With kFailJob: which of spec.failurePolicy.rules, from 0.
  std::vector<std::string> avoid{};  ///< Machines to stay away from.

  /// Whether the restart counts towards the limit.
  bool Counts() const { return action != api::FailureAction::kIgnore; }
};

/// The first rule that fits any of the failures decides, by the first failure that it fits. Without
/// one, a disruption is kIgnore and anything else kRestartGroup. Requires at least one failure.
Verdict Judge(const api::FailurePolicy& policy, const std::vector<Failure>& failures);

}  // namespace slipway::training_job
