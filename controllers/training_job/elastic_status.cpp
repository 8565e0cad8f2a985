#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/elastic.hpp"

namespace slipway::training_job {
namespace {

using api::ElasticReason;
using Phase = api::TrainingJobPhase;

/// So much of why a node does not start, or was lost, fits into a message beside the rest.
constexpr std::size_t kQuotedWords = 400;

bool IsScaled(Step step) {
  return step == Step::kRun || step == Step::kShrink || step == Step::kResize ||
         step == Step::kComplete;
}

std::int32_t CountTraining(const Observed& observed) {
  const auto running =
      std::ranges::count_if(observed.Pods(), [](const NodePod* pod) { return pod->Running(); });
  return observed.CountSucceeded() + static_cast<std::int32_t>(running);
}

ElasticReason ReasonOf(const Decision& decision, bool fewer) {
  if (decision.step == Step::kResize) return ElasticReason::kResized;
  if (decision.step == Step::kShrink && !decision.verdict) return ElasticReason::kEnding;
  const bool lost = decision.step == Step::kShrink || fewer;
  return lost ? ElasticReason::kNodesLost : ElasticReason::kNodesJoined;
}

std::string NameNodes(const NodeSet& nodes) {
  const bool one = std::ranges::count(nodes, true) == 1;
  return fmt::format("{} {}", one ? "node" : "nodes", FormatNodes(nodes));
}

/// Those that have a pod which does not run yet, with the first reason that is known.
std::string DescribeStarting(const Observed& observed) {
  NodeSet starting(observed.nodes.size());
  std::string why;
  for (const NodePod* pod : observed.Pods()) {
    if (!pod->Active() || pod->Running()) continue;
    starting[static_cast<std::size_t>(pod->node)] = true;
    const auto problem = why.empty() ? WhyNotStarting(*pod->view) : std::nullopt;
    if (problem) why = ": " + OneLine(problem->message, kQuotedWords);
  }
  if (std::ranges::count(starting, true) == 0) return "";
  return fmt::format("; {} yet to start{}", NameNodes(starting), why);
}

/// The same text from the decision until their pods are there.
std::string DescribeAbsent(const api::TrainingJob& job, const Observed& observed,
                           const Decision& decision,
                           const std::optional<api::ElasticStatus>& elastic, Instant now) {
  NodeSet absent(observed.nodes.size());
  std::optional<Instant> time;
  const auto failure =
      decision.verdict ? std::optional(decision.verdict->failure) : observed.record.last_failure;
  std::string why;
  for (const auto& member : observed.members) {
    if (!observed.IsAwaited(member.node)) continue;
    absent[static_cast<std::size_t>(member.node)] = true;
    time = std::max(time, GrowTime(job, elastic, member, now));
    if (failure && failure->node == member.node && failure->time == member.failed) {
      why = fmt::format(": node {} failed with {}", failure->node,
                        LastWords(DescribeFailure(*failure), kQuotedWords));
    }
  }
  if (std::ranges::count(absent, true) == 0) return "";
  const std::string when = time ? fmt::format(", not before {}", FormatTime(*time)) : "";
  return fmt::format("; {} to be created{}{}", NameNodes(absent), when, why);
}

}  // namespace

std::optional<api::ElasticStatus> NextElastic(const api::TrainingJob& job, const Observed& observed,
                                              const Decision& decision, Instant now) {
  if (!observed.elastic || IsBetweenAttempts(decision.step)) return std::nullopt;
  const auto before = job.status ? job.status->elastic : std::nullopt;
  if (!IsScaled(decision.step)) return before;
  const std::int32_t nodes = CountTraining(observed);
  const bool counts = decision.step == Step::kRun || decision.step == Step::kComplete;
  if (counts && nodes == (before ? before->nodes : 0)) return before;
  return api::ElasticStatus{nodes, StatusTime(now),
                            ReasonOf(decision, before && nodes < before->nodes)};
}

std::optional<Account> DescribeElastic(const api::TrainingJob& job, const Observed& observed,
                                       const Decision& decision, Instant now) {
  const bool whole = observed.was_whole || observed.CountMissing() == 0;
  if (!observed.elastic || !whole || !RunsEnough(observed)) return std::nullopt;
  const auto elastic = NextElastic(job, observed, decision, now);
  const std::int32_t nodes = CountTraining(observed);
  if (const std::int32_t succeeded = observed.CountSucceeded(); succeeded > 0) {
    return Say(Phase::kRunning, fmt::format("{} of {} nodes have succeeded{}", succeeded, nodes,
                                            succeeded < nodes ? "; waiting for the others" : ""));
  }
  if (nodes == observed.num_nodes) return std::nullopt;
  return Say(Phase::kRunning, fmt::format("{} of {} nodes run, of which {} would be enough{}{}",
                                          nodes, observed.num_nodes, observed.elastic->min_nodes,
                                          DescribeStarting(observed),
                                          DescribeAbsent(job, observed, decision, elastic, now)));
}

std::vector<EmitEvent> ElasticEvents(const std::optional<api::TrainingJobStatus>& before,
                                     const api::TrainingJobStatus& after) {
  using Type = EmitEvent::Type;
  if (!before || !before->elastic || !after.elastic || before->elastic == after.elastic) return {};
  const std::string note = after.message.value_or("");
  switch (after.elastic->reason) {
    case ElasticReason::kNodesLost:
      return {{Type::kWarning, std::string(ToString(after.elastic->reason)), "ShrinkGroup", note}};
    case ElasticReason::kResized:
      return {{Type::kNormal, std::string(ToString(after.elastic->reason)), "ResizeGroup", note}};
    case ElasticReason::kNodesJoined:
      // At the start of a group they all do, one after the other.
      if (before->elastic->reason == ElasticReason::kNodesJoined) return {};
      return {{Type::kNormal, std::string(ToString(after.elastic->reason)), "GrowGroup", note}};
    case ElasticReason::kEnding:
    case ElasticReason::kUnknown: return {};
  }
  return {};
}

}  // namespace slipway::training_job
