#include "controllers/isolation/old_connections.hpp"

#include <algorithm>
#include <vector>

#include "controllers/common/status.hpp"
#include "controllers/isolation/marks.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::isolation {
namespace {

constexpr std::size_t kMaxDigests = 8;

bool IsOurs(const ObjectMeta& pod) {
  const auto label = pod.labels.find(labels::kManagedBy);
  return label != pod.labels.end() && label->second == labels::kManagedByValue;
}

std::string Filed(const std::string& ns, const std::string& mark) { return ns + "/" + mark; }

}  // namespace

Lookup LookUpOldPods() {
  Lookup lookup{kPods,
                [](const Object& pod) {
                  return IsOurs(pod.meta) ? Filed(pod.key.ns, SinceOf(pod.meta)) : std::string();
                },
                [](const Object& resource) {
                  std::vector<std::string> places;
                  const auto& policy =
                      *static_cast<const api::IsolationPolicy*>(resource.body.get());
                  if (!policy.status) return places;
                  for (const auto& proof : policy.status->proofs) {
                    for (const auto& mark : proof.stale_digests) {
                      places.push_back(Filed(proof.namespace_, mark));
                    }
                  }
                  return places;
                }};
  lookup.index = "rules";
  lookup.ours = true;
  return lookup;
}

OldPods::OldPods(const Snapshot& world) {
  for (const auto& pod : world.All(kPods)) {
    const bool runs = IsOurs(pod.meta) && !pod.body.Ended();
    if (runs) ++by_place_[Filed(pod.key.ns, SinceOf(pod.meta))];
  }
}

std::int32_t OldPods::Count(const std::string& ns, const std::vector<std::string>& marks) const {
  std::int32_t count = 0;
  for (const auto& mark : marks) {
    const auto there = by_place_.find(Filed(ns, mark));
    if (there != by_place_.end()) count += there->second;
  }
  return count;
}

void FollowOldPods(api::IsolationProof& proof, const api::IsolationProof* recorded,
                   const std::string& since, const OldPods& pods, Instant now) {
  const auto looked_for =
      recorded == nullptr ? std::vector<std::string>{} : recorded->stale_digests;
  // Of a namespace that is new here, what was there before is not known: pods without any mark.
  auto marks = recorded == nullptr ? std::vector<std::string>{""} : looked_for;
  if (recorded != nullptr && recorded->policy_digest &&
      std::ranges::find(marks, *recorded->policy_digest) == marks.end()) {
    marks.push_back(*recorded->policy_digest);
  }
  if (!since.empty()) std::erase(marks, since);
  if (marks.size() > kMaxDigests) marks.erase(marks.begin());
  if (recorded != nullptr) proof.old_connections_until = recorded->old_connections_until;
  if (marks.empty()) return;
  if (marks == looked_for) {
    proof.stale_pods = pods.Count(proof.namespace_, marks);
    if (*proof.stale_pods == 0 && !since.empty()) {
      proof.old_connections_until = StatusTime(now);
      proof.stale_pods.reset();
      return;
    }
  }
  // Before they are in place nobody knows whether new rules forbid anything more.
  if (!since.empty()) proof.old_connections_until.reset();
  proof.stale_digests = std::move(marks);
}

}  // namespace slipway::isolation
