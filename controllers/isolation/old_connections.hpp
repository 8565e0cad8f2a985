#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "crds/generated/types.hpp"
#include "operator/run/controller.hpp"

/// Until when connections lived that the rules of a namespace forbid now. A connection outlives the
/// rule that would forbid it, so it may be there as long as a pod is that started under other
/// rules.
namespace slipway::isolation {

/// Where an IsolationPolicy looks for the pods that its status still waits for: by namespace and by
/// the mark of the rules that they started under.
Lookup LookUpOldPods();

/// How many pods there are that may still run, by namespace and mark, counted once for all
/// namespaces.
class OldPods {
 public:
  explicit OldPods(const Snapshot& world);
  std::int32_t Count(const std::string& ns, const std::vector<std::string>& marks) const;

 private:
  std::map<std::string, std::int32_t> by_place_;
};

/// Carries on in `proof`, which is of a namespace that is closed, what `recorded` knew of old pods
/// (nullptr: nothing yet). `since` is the mark of the rules that hold; empty while they are not in
/// place. Pods are counted once LookUpOldPods has been told to look for them, which is one pass
/// after the rules have changed.
void FollowOldPods(api::IsolationProof& proof, const api::IsolationProof* recorded,
                   const std::string& since, const OldPods& pods, Instant now);

}  // namespace slipway::isolation
