#pragma once

#include <optional>
#include <string>

#include "controllers/common/settings.hpp"
#include "controllers/isolation/rules.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/workloads.hpp"
#include "operator/run/plan.hpp"

/// The pod that looks from time to time, in each isolated namespace, whether packets are still
/// filtered. One that has ended stays as the record of what it saw, until the next one is due.
namespace slipway::isolation {

/// Name of the pod, the same for every look.
ObjectKey CheckKey(const ObjectMeta& ns);

/// Whether an object is such a pod, by its role alone.
bool IsCheck(const ObjectMeta& pod);

Create MakeCheck(const ObjectMeta& ns, const Rules& rules, const std::string& since,
                 const Settings& settings);

/// What is known from the pod: `pod` is nullptr when there is none. Without a time of its own when
/// it has not ended.
api::IsolationProof ReadCheck(const std::string& ns, const ObjectMeta* meta, const PodView* pod);

/// What has to be done about the pod: made, or deleted because its look is too old or was under
/// other rules. Gives the time of the next look when nothing has.
struct CheckPlan {
  std::optional<Action> action;
  std::optional<Instant> wake_at;
};
CheckPlan PlanCheck(const ObjectMeta& ns, const Rules& rules, const std::string& since,
                    const Item<PodView>* pod, const Settings& settings, Instant now);

}  // namespace slipway::isolation
