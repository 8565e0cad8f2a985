#include "controllers/training_job/members.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "controllers/common/status.hpp"
#include "controllers/training_job/describe.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/elastic.hpp"

namespace slipway::training_job {
namespace {

/// The attempt that follows begins with none.
bool BeginsAttempt(Step step) {
  return step == Step::kRestart || step == Step::kResume || step == Step::kRequeue;
}

std::vector<api::MemberState> MembersAfter(const Observed& observed, const Decision& decision) {
  if (BeginsAttempt(decision.step)) return {};
  std::vector<api::MemberState> members = observed.members;
  if (decision.step == Step::kRestartMember) {
    const api::NodeFailure& failure = decision.verdict->failure;
    api::MemberState& member = members.at(static_cast<std::size_t>(failure.node));
    ++member.restarts;
    member.failed = failure.time;
    member.awaited = true;
  }
  return members;
}

}  // namespace

std::int32_t MemberRestartsOf(const ObjectMeta& pod) {
  const auto label = pod.labels.find(kMemberRestarts);
  if (label == pod.labels.end()) return 0;
  std::int32_t value = 0;
  const char* end = label->second.data() + label->second.size();
  const auto [stopped, error] = std::from_chars(label->second.data(), end, value);
  return error == std::errc{} && stopped == end ? std::clamp(value, 0, kMostMemberRestarts) : 0;
}

std::vector<api::MemberState> RecordedMembers(const Observed& observed) {
  std::vector<api::MemberState> members(observed.nodes.size());
  for (std::size_t node = 0; node < members.size(); ++node) {
    members[node].node = static_cast<std::int32_t>(node);
  }
  if (observed.attempt != observed.record.Attempt()) return members;
  for (const auto& recorded : observed.record.members) {
    const auto node = static_cast<std::size_t>(recorded.node);
    if (node < members.size()) members[node] = recorded;
  }
  return members;
}

void SortOutMembers(Observed& observed) {
  for (const NodePod* pod : observed.Pods()) {
    api::MemberState& member = observed.members[static_cast<std::size_t>(pod->node)];
    if (!observed.elastic) observed.member_restarts += pod->member_restarts - member.restarts;
    member.restarts = pod->member_restarts;
    member.awaited.reset();
  }
}

bool IsPlaceTaken(const Observed& observed, std::int32_t node) {
  return std::ranges::any_of(observed.leftovers,
                             [&](const NodePod& pod) { return pod.node == node && !pod.of_step; });
}

std::optional<Instant> MemberRestartTime(const api::TrainingJob& job,
                                         const api::MemberState& member, Instant now) {
  if (!member.failed || IsAhead(*member.failed, now)) return std::nullopt;
  return RestartTime(job.spec.failure_policy, member.restarts, *member.failed);
}

void CreateAwaited(Plan& plan, const ObjectKey& key, const api::TrainingJob& job,
                   const Observed& observed, Instant now) {
  if (observed.elastic) return CreateAbsent(plan, key, job, observed, now);
  for (const auto& member : observed.members) {
    if (!observed.IsAwaited(member.node) || IsPlaceTaken(observed, member.node)) continue;
    const auto time = MemberRestartTime(job, member, now);
    if (time && now < *time) {
      plan.wake_at = std::min(plan.wake_at.value_or(*time), *time);
    } else {
      Create pod =
          MakePod(key, job, member.node, observed.attempt, member.restarts, observed.report_url);
      plan.actions.emplace_back(JoinPodGroup(std::move(pod), key, job, observed));
    }
  }
}

void SetMembers(api::TrainingJobStatus& status, const Observed& observed,
                const Decision& decision) {
  status.members = MembersAfter(observed, decision);
  std::erase_if(status.members, [](const auto& member) {
    return member.restarts == 0 && !member.awaited.value_or(false);
  });
  const bool one_more = decision.step == Step::kRestartMember;
  const std::int32_t all = observed.member_restarts + (one_more ? 1 : 0);
  status.member_restarts = all > 0 ? std::optional(all) : std::nullopt;
}

std::string DescribeMembers(const api::TrainingJob& job, const Observed& observed,
                            const Decision& decision) {
  if (observed.elastic) return "";
  const auto members = MembersAfter(observed, decision);
  NodeSet awaited(members.size());
  for (std::size_t node = 0; node < members.size(); ++node) {
    awaited[node] = members[node].awaited.value_or(false);
  }
  const auto count = std::ranges::count(awaited, true);
  if (count == 0) return "";
  const bool decided = decision.step == Step::kRestartMember;
  std::string text =
      count == 1 ? fmt::format("node {} is restarted by itself", FormatNodes(awaited))
                 : fmt::format("nodes {} are restarted by themselves", FormatNodes(awaited));
  const auto failure =
      decided ? std::optional(decision.verdict->failure) : observed.record.last_failure;
  const auto node = failure ? static_cast<std::size_t>(failure->node) : members.size();
  if (node < members.size() && awaited[node] && members[node].failed == failure->time) {
    const Instant time =
        RestartTime(job.spec.failure_policy, members[node].restarts, failure->time);
    text += fmt::format(", not before {}: node {} failed with {}", FormatTime(time), failure->node,
                        DescribeFailure(*failure));
  }
  return text + fmt::format("; {} of {} restarts are used", observed.Used() + (decided ? 1 : 0),
                            job.spec.failure_policy.max_restarts);
}

std::optional<Problem> WhyMembersImpossible(const api::TrainingJob& job) {
  using enum api::Framework;
  const auto& rules = job.spec.failure_policy.rules;
  const auto rule =
      std::ranges::find(rules, api::FailureAction::kRestartMember, &api::FailureRule::action);
  if (rule == rules.end()) return std::nullopt;
  const auto because = [&](const std::string& why) {
    return Problem{std::string(reason::kUnsupportedAction),
                   fmt::format("spec.failurePolicy.rules[{}] has action RestartMember, but {}",
                               rule - rules.begin(), why),
                   true};
  };
  if (job.spec.scheduling_policy && job.spec.scheduling_policy->queue) {
    return because(
        "with spec.schedulingPolicy.queue Kueue takes the pods as one group in which none is "
        "replaced; choose RestartGroup, or remove the queue");
  }
  const auto framework = job.spec.framework;
  if (framework == kSKLearn || framework == kR || framework == kCustom) return std::nullopt;
  return because(fmt::format(
      "the nodes of framework {} form one group that breaks with each of them; choose RestartGroup",
      ToString(framework)));
}

}  // namespace slipway::training_job
