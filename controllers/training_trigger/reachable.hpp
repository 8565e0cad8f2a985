#pragma once

#include <optional>
#include <vector>

#include "controllers/common/conditions.hpp"
#include "controllers/training_trigger/polls.hpp"
#include "operator/run/plan.hpp"

/// The conditions DataReachable and CommitReachable.
namespace slipway::training_trigger {

/// Sets them by the looks that have ended or cannot begin; without any they stay what they are, and
/// are removed for a source that is not looked at any more.
void SetReachable(ConditionWriter& conditions, const Polls& polls);

/// Why a source cannot be looked at, by this pass or, if that has found out nothing, by what is
/// recorded; nullopt when it can.
std::optional<Problem> WhyUnreachable(const std::optional<api::TrainingTriggerStatus>& recorded,
                                      const Watched& watched);

/// Whether `ready` says nothing else than that a source cannot be looked at.
bool IsOfSource(const std::vector<api::Condition>& conditions, const api::Condition& ready);

/// Warnings for sources that have become unreachable.
void AddReachableEvents(std::vector<EmitEvent>& events, const std::vector<api::Condition>& before,
                        const std::vector<api::Condition>& after);

}  // namespace slipway::training_trigger
