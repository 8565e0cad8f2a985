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

bool Runs(const PodView& pod) {
  return pod.phase != PodView::Phase::kSucceeded && pod.phase != PodView::Phase::kFailed;
}

std::int32_t CountPods(const std::string& ns, const std::vector<std::string>& marks,
                       const Snapshot& world) {
  std::int32_t count = 0;
  for (const auto& pod : world.All(kPods)) {
    const bool old = pod.key.ns == ns && IsOurs(pod.meta) && Runs(pod.body) &&
                     std::ranges::find(marks, SinceOf(pod.meta)) != marks.end();
    if (old) ++count;
  }
  return count;
}

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

void FollowOldPods(api::IsolationProof& proof, const api::IsolationProof* recorded,
                   const std::string& since, const Snapshot& world, Instant now) {
  // Of a namespace that is new here, what was there before is not known: pods without any mark.
  auto marks = recorded == nullptr ? std::vector<std::string>{""} : recorded->stale_digests;
  const std::vector<std::string> counted =
      recorded == nullptr ? std::vector<std::string>{} : recorded->stale_digests;
  if (recorded != nullptr && recorded->policy_digest &&
      std::ranges::find(marks, *recorded->policy_digest) == marks.end()) {
    marks.push_back(*recorded->policy_digest);
  }
  std::erase(marks, since.empty() ? std::string("-") : since);
  if (marks.size() > kMaxDigests) marks.erase(marks.begin());
  if (recorded != nullptr) proof.old_connections_until = recorded->old_connections_until;
  if (marks.empty()) return;
  const bool looked = marks == counted;
  const std::int32_t pods = looked ? CountPods(proof.namespace_, marks, world) : 0;
  if (looked && pods == 0 && !since.empty()) {
    proof.old_connections_until = StatusTime(now);
    return;
  }
  if (looked) proof.stale_pods = pods;
  // Before they are in place nobody knows whether new rules forbid anything more.
  if (!since.empty()) proof.old_connections_until.reset();
  proof.stale_digests = std::move(marks);
}

}  // namespace slipway::isolation
