#include "controllers/training_job/elastic.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/failure_policy.hpp"
#include "controllers/training_job/members.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;
using std::chrono::seconds;

std::int32_t CountAbsent(const Observed& observed) {
  return observed.CountMissing() - static_cast<std::int32_t>(observed.Lost().size());
}

bool Trains(const Observed& observed, std::int32_t node) {
  const auto at = static_cast<std::size_t>(node);
  return observed.succeeded[at] || (observed.nodes[at] && observed.nodes[at]->Running());
}

/// Not by its own doing: disrupted or deleted, or its program never began.
bool IsNoFaultOfItsOwn(const Failure& failure) {
  return failure.pod == nullptr || failure.pod->Ending() || !failure.what.exit_code ||
         FindDisruption(*failure.pod->view) != nullptr;
}

bool MayBeLost(const api::TrainingJob& job, const Observed& observed, const Failure& failure) {
  const std::int32_t node = failure.what.node;
  if (node == 0) return false;
  if (observed.members[static_cast<std::size_t>(node)].restarts >= kMostMemberRestarts) {
    return false;
  }
  const auto& policy = job.spec.failure_policy;
  const auto rule = FindRule(policy, failure);
  return rule ? policy.rules[*rule].action == api::FailureAction::kIgnore
              : IsNoFaultOfItsOwn(failure);
}

std::vector<std::int32_t> NodesOf(const Observed& observed, const std::vector<Failure>& failures) {
  std::vector<std::int32_t> nodes;
  for (const auto& failure : failures) {
    if (failure.pod != nullptr) {
      nodes.push_back(failure.what.node);
    } else {
      nodes = observed.Lost();  // The failure is of the first of those that vanished.
    }
  }
  std::ranges::sort(nodes);
  return nodes;
}

/// When the first node ended with success; nullopt when none has, or its pod is gone.
std::optional<Instant> FirstSuccess(const Observed& observed) {
  std::optional<Instant> first;
  for (const NodePod* pod : observed.Pods()) {
    if (!pod->Succeeded()) continue;
    for (const auto& container : pod->view->containers) {
      if (!container.finished) continue;
      first = std::min(first.value_or(*container.finished), *container.finished);
    }
  }
  return first;
}

void LoseNode(Observed& observed, std::int32_t node, std::optional<Instant> failed) {
  const auto at = static_cast<std::size_t>(node);
  api::MemberState& member = observed.members[at];
  ++member.restarts;
  member.failed = failed;
  member.awaited = true;
  observed.missing[at] = true;
  if (!observed.nodes[at]) return;
  observed.leftovers.push_back(*observed.nodes[at]);
  observed.nodes[at].reset();
}

/// Its place may still be held by a pod of before, which must not be taken for its next one.
api::MemberState NewMember(const Observed& observed, std::int32_t node) {
  api::MemberState member;
  member.node = node;
  member.awaited = true;
  for (const auto& pod : observed.leftovers) {
    const bool here = pod.node == node && !pod.of_step;
    if (here) member.restarts = std::max(member.restarts, pod.member_restarts + 1);
  }
  return member;
}

void ChangeSizeOf(Observed& observed) {
  const std::int32_t before = observed.num_nodes;
  const std::int32_t after = observed.elastic->wanted;
  const auto size = static_cast<std::size_t>(after);
  for (std::int32_t node = after; node < before; ++node) {
    const auto& pod = observed.nodes[static_cast<std::size_t>(node)];
    if (pod) observed.leftovers.push_back(*pod);
  }
  observed.num_nodes = after;
  observed.nodes.resize(size);
  observed.succeeded.resize(size, false);
  observed.missing.resize(size, true);
  observed.members.resize(size);
  for (std::int32_t node = before; node < after; ++node) {
    observed.members[static_cast<std::size_t>(node)] = NewMember(observed, node);
  }
}

/// Far longer than a group waits for its machines: a node that waits does no harm, and one that
/// fails because others are late would be a failure of the job.
constexpr std::int32_t kJoinTimeout = 7 * 24 * 3600;
/// Until the store of node 0 answers, which may still pull its image. torchrun waits as long for
/// any answer of it.
constexpr std::int32_t kReadTimeout = 600;

}  // namespace

std::optional<Elastic> ReadElastic(const api::TrainingJob& job) {
  if (!job.spec.elastic_policy) return std::nullopt;
  return Elastic{job.spec.elastic_policy->min_nodes, job.spec.trainer.num_nodes};
}

std::int32_t SizeOfGroup(const api::TrainingJob& job, const Observed& observed) {
  const Record& record = observed.record;
  const std::int32_t recorded = record.nodes.desired;
  const bool under_way =
      observed.elastic && !record.suspended && recorded > 0 && observed.attempt == record.Attempt();
  if (!under_way) return job.spec.trainer.num_nodes;
  const std::int32_t existed = record.nodes.active + record.nodes.succeeded + record.nodes.failed;
  const bool whole = existed + CountRecordedAbsent(observed) >= recorded;
  return whole ? recorded : job.spec.trainer.num_nodes;
}

std::int32_t CountRecordedAbsent(const Observed& observed) {
  if (!observed.elastic) return 0;
  return static_cast<std::int32_t>(
      std::ranges::count_if(observed.record.members, [&](const auto& member) {
        return member.awaited.value_or(false) && member.node < observed.record.nodes.desired;
      }));
}

std::string ElasticTrainerText(const api::TrainingJob& job) {
  json trainer = ToJson(job.spec.trainer);
  trainer.erase("numNodes");
  trainer["elasticPolicy"] = ToJson(*job.spec.elastic_policy);
  trainer["elasticPolicy"].erase("scaleCooldownSeconds");
  return trainer.dump();
}

void MakeElastic(const api::TrainingJob& job, std::int32_t attempt, Group& group) {
  if (!job.spec.elastic_policy) return;
  const api::ElasticPolicy& policy = *job.spec.elastic_policy;
  // The same for all pods of the group, however many it has.
  group.nodes = policy.max_nodes;
  group.elastic =
      ElasticGroup{policy.min_nodes, policy.max_restarts,
                   fmt::format("{}-{}", job.meta.uid, attempt), kJoinTimeout, kReadTimeout};
}

bool RunsEnough(const Observed& observed) {
  std::int32_t count = 0;
  for (std::int32_t node = 0; node < observed.num_nodes; ++node) {
    if (Trains(observed, node)) ++count;
  }
  return observed.elastic && Trains(observed, 0) && count >= observed.elastic->min_nodes;
}

bool HasGroupSucceeded(const Observed& observed) {
  return observed.succeeded.at(0) &&
         observed.CountSucceeded() + CountAbsent(observed) == observed.num_nodes;
}

std::optional<Decision> GoOnWithout(const api::TrainingJob& job, const Observed& observed,
                                    const std::vector<Failure>& failures) {
  if (!observed.elastic || !observed.was_whole) return std::nullopt;
  const bool all_may = std::ranges::all_of(
      failures, [&](const Failure& failure) { return MayBeLost(job, observed, failure); });
  Decision decision{Step::kShrink, std::nullopt, std::nullopt, NodesOf(observed, failures)};
  if (!all_may || decision.nodes.front() == 0) return std::nullopt;
  decision.verdict = Judge(job.spec.failure_policy, failures);
  if (!RunsEnough(AfterScaling(observed, decision))) return std::nullopt;
  return decision;
}

std::optional<Decision> GiveUpLatecomers(const Observed& observed) {
  if (!observed.elastic || !observed.was_whole || observed.CountSucceeded() == 0) return {};
  const auto first = FirstSuccess(observed);
  Decision decision{Step::kShrink, std::nullopt, std::nullopt, {}};
  for (const NodePod* pod : observed.Pods()) {
    if (pod->node == 0 || pod->Succeeded() || observed.IsMissing(pod->node)) continue;
    const bool waits = pod->Active() && !pod->Running();
    const bool late = first && pod->view->started && *pod->view->started > *first;
    if (waits || late) decision.nodes.push_back(pod->node);
  }
  if (decision.nodes.empty()) return std::nullopt;
  return decision;
}

std::optional<Decision> ChangeSize(const Observed& observed) {
  // One that has begun to end is not worth a change.
  if (!observed.elastic || !observed.was_whole || observed.CountSucceeded() > 0) return {};
  if (observed.elastic->wanted == observed.num_nodes) return std::nullopt;
  Decision decision{Step::kResize, std::nullopt, std::nullopt, {}};
  // Where those of low rank are lost, the ones that would go are needed until they are back.
  const bool needed = RunsEnough(observed) && !RunsEnough(AfterScaling(observed, decision));
  if (needed) return std::nullopt;
  return decision;
}

Observed AfterScaling(Observed observed, const Decision& decision) {
  if (decision.step == Step::kResize) ChangeSizeOf(observed);
  if (decision.step != Step::kShrink) return observed;
  const auto failed =
      decision.verdict ? std::optional(decision.verdict->failure.time) : std::optional<Instant>();
  for (const std::int32_t node : decision.nodes) LoseNode(observed, node, failed);
  return observed;
}

void CreateAbsent(Plan& plan, const ObjectKey& key, const api::TrainingJob& job,
                  const Observed& observed, Instant now) {
  // A node that comes when others have succeeded finds nobody.
  if (observed.CountSucceeded() > 0) return;
  for (const auto& member : observed.members) {
    if (!observed.IsAwaited(member.node) || IsPlaceTaken(observed, member.node)) continue;
    const auto elastic = job.status ? job.status->elastic : std::nullopt;
    const auto time = GrowTime(job, elastic, member, now);
    if (time && now < *time) {
      plan.wake_at = std::min(plan.wake_at.value_or(*time), *time);
    } else {
      plan.actions.emplace_back(
          MakePod(key, job, member.node, observed.attempt, member.restarts, observed.report_url));
    }
  }
}

std::optional<Instant> GrowTime(const api::TrainingJob& job,
                                const std::optional<api::ElasticStatus>& elastic,
                                const api::MemberState& member, Instant now) {
  // What the user has added is not what was lost.
  if (!member.failed || !elastic || IsAhead(elastic->since, now)) return std::nullopt;
  return elastic->since + seconds(job.spec.elastic_policy->scale_cooldown_seconds);
}

std::optional<Problem> WhyNotElastic(const api::TrainingJob& job) {
  if (!job.spec.elastic_policy || job.spec.framework == api::Framework::kTorch) return std::nullopt;
  return Problem{std::string(reason::kNotElastic),
                 fmt::format("spec.elasticPolicy is for framework Torch, whose torchrun forms its "
                             "group anew when nodes come and go, and the framework is {}; suspend "
                             "the job and remove elasticPolicy, or name a runtime for Torch",
                             ToString(job.spec.framework)),
                 true};
}

}  // namespace slipway::training_job
