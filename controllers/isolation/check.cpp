#include "controllers/isolation/check.hpp"

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/pod_state.hpp"
#include "controllers/common/pods.hpp"
#include "controllers/common/probe_report.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/marks.hpp"
#include "controllers/isolation/place.hpp"

namespace slipway::isolation {
namespace {

using nlohmann::json;
using std::chrono::seconds;

/// What no pod of an isolated namespace may reach while the metadata of clouds are shut. Where
/// there is no cloud they are not reached either, which is as good.
constexpr const char* kMetadata = "--refused=169.254.169.254:80";

/// Longer than a probe may last, so that only a pod that hangs is ended by it.
constexpr std::int64_t kMargin = 120;

api::IsolationResult ResultOf(ProbeReason reason) {
  switch (reason) {
    case ProbeReason::kEnforced: return api::IsolationResult::kEnforced;
    case ProbeReason::kIsolationUnenforced: return api::IsolationResult::kUnenforced;
    case ProbeReason::kNothingProven: return api::IsolationResult::kNothingProven;
  }
  return api::IsolationResult::kNothingProven;
}

const ContainerState* ProbeOf(const PodView& pod) {
  const auto probe = std::ranges::find(pod.containers, kProbeContainer, &ContainerState::name);
  return probe == pod.containers.end() ? nullptr : &*probe;
}

}  // namespace

ObjectKey CheckKey(const ObjectMeta& ns) {
  return {kHomeCluster, ns.name, ChildName("isolation", ns.uid, "check")};
}

bool IsCheck(const ObjectMeta& pod) {
  const auto role = pod.labels.find(labels::kRole);
  return role != pod.labels.end() && role->second == kCheckRole;
}

Create MakeCheck(const ObjectMeta& ns, const Rules& rules, const std::string& since,
                 const Settings& settings) {
  PodPlan plan = PlanProbe(rules, settings);
  if (rules.block_metadata) plan.args.emplace_back(kMetadata);
  plan.restart_policy = "Never";
  plan.active_deadline_seconds = rules.timeout_seconds + kMargin;
  json spec = RestrictedPodSpec(plan, std::nullopt);
  json metadata = PodMetadata(std::nullopt, ChildLabels(kApplication, ns, kCheckRole), {});
  // Dressed as the others are, but without a probe before it: it is one.
  Place place{rules, std::nullopt, since};
  place.rules->probed = false;
  place.rules->trust.reset();  // It trusts nobody, and would not start without it.
  Dress(metadata, spec, place, settings);
  return {kPods.type, CheckKey(ns), json{{"metadata", metadata}, {"spec", spec}}};
}

api::IsolationProof ReadCheck(const std::string& ns, const ObjectMeta* meta, const PodView* pod) {
  api::IsolationProof proof;
  proof.namespace_ = ns;
  proof.result = api::IsolationResult::kPending;
  if (pod == nullptr) return proof;
  proof.policy_digest = SinceOf(*meta);
  if (!pod->node_name.empty()) proof.node_name = pod->node_name;
  if (!pod->Ended()) {
    if (const auto problem = WhyNotStarting(*pod)) proof.message = problem->message;
    return proof;
  }
  const ContainerState* probe = ProbeOf(*pod);
  const auto report = ReadProbeReport(probe == nullptr ? "" : probe->termination_message);
  proof.result = report ? ResultOf(report->reason) : api::IsolationResult::kNothingProven;
  proof.message =
      report ? DescribeProbe(*report)
             : OneLine("the pod that looks ended without a result: " + DescribeEnd(*pod).message);
  proof.time = StatusTime(probe != nullptr && probe->finished ? *probe->finished : meta->created);
  return proof;
}

CheckPlan PlanCheck(const ObjectMeta& ns, const Rules& rules, const std::string& since,
                    const Item<PodView>* pod, const Settings& settings, Instant now) {
  if (pod == nullptr) return {MakeCheck(ns, rules, since, settings), std::nullopt};
  if (pod->meta.deleted) return {};
  // One that still looks is given the time that a look may take.
  const seconds interval(rules.interval_seconds);
  const seconds longest(rules.timeout_seconds + kMargin);
  const Instant due =
      pod->meta.created + (pod->body.Ended() ? interval : std::max(interval, longest));
  const auto remove = [&](const char* why) {
    return CheckPlan{Delete{kPods.type, pod->key, pod->meta.uid, why, std::nullopt}, std::nullopt};
  };
  if (SinceOf(pod->meta) != since) return remove("it looked under other rules");
  // A clock that was set back must not keep a namespace from being looked at; one that is a little
  // behind that of the API server must not remove each look at once.
  if (now >= due || pod->meta.created > now + interval) return remove("the next look is due");
  return {std::nullopt, due};
}

}  // namespace slipway::isolation
