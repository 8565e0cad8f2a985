#pragma once

#include <string>

#include "controllers/isolation/rules.hpp"
#include "operator/kube/resource.hpp"

/// What isolation does to pods, in the words that every controller understands.
namespace slipway::isolation {

/// The same world, but
///   - a pod of `owner` itself that started under other rules than those since `since` bears the
///     condition DisruptionTarget, as it ends for no fault of its own, and with `ends` it has ended
///     already, so that who restarts what has ended does so; none does with an empty `since`;
///   - a pod whose probe has failed bears it, too, and the reason and words of the probe;
///   - a pod whose model is not what was registered has the words of what compared it.
/// So none of them counts as a failure of a program, and everybody is told why.
Snapshot WithMarks(const Snapshot& world, const Object& owner, const std::string& since, bool ends);

/// The mark of the rules (kSince) that an object bears; empty when it bears none, or none of ours.
std::string SinceOf(const ObjectMeta& meta);

/// Whether the pod started under other rules. One that has ended started under any.
bool IsStale(const Object& pod, const std::string& since);

/// What rules leave open beside what their NetworkPolicy says (kLeaves), such as
/// "connections-within-workload unproven-packets"; empty when they leave nothing.
std::string Leaves(const Rules& rules);

/// Whether the NetworkPolicy of the namespace was written under rules that left something open
/// which these do not. One that does not say what it left is of a former version, and left nothing.
bool TakesBack(const ObjectMeta& policy, const Rules& rules);

}  // namespace slipway::isolation
