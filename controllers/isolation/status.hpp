#pragma once

#include <optional>
#include <vector>

#include "controllers/common/settings.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/resource.hpp"
#include "operator/run/plan.hpp"

/// What an IsolationPolicy is told to have come to.
namespace slipway::isolation {

/// Whether it is this installation's to tell: it serves a namespace that the policy selects, or has
/// told of one before. A policy that selects nothing anywhere is told of by all alike.
bool HasASay(const api::IsolationPolicy& policy, const Snapshot& world, const Settings& settings);

/// Looks at every namespace that the policy selects: whether what isolates it is in place, and what
/// a pod there has seen last. What was proven under the rules that hold now stays until it is
/// looked at again, and so does what other installations have told of the namespaces they serve.
api::IsolationPolicyStatus MakeStatus(const api::IsolationPolicy& policy, const Snapshot& world,
                                      const Settings& settings, Instant now);

/// When the first of the proofs counts no more unless it is renewed before; nullopt when none does.
std::optional<Instant> HoldsUntil(const api::IsolationPolicy& policy,
                                  const api::IsolationPolicyStatus& status, Instant now);

/// The Events of a transition: proven, and not enforced.
std::vector<EmitEvent> MakeEvents(const std::optional<api::IsolationPolicyStatus>& before,
                                  const api::IsolationPolicyStatus& after);

}  // namespace slipway::isolation
