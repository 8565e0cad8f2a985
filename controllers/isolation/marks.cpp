#include "controllers/isolation/marks.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/probe_report.hpp"
#include "controllers/isolation/artifacts.hpp"
#include "controllers/isolation/kind.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::isolation {
namespace {

constexpr std::string_view kWithinWorkload = "connections-within-workload";
constexpr std::string_view kUnproven = "unproven-packets";

const PodView& ViewOf(const Object& pod) { return *static_cast<const PodView*>(pod.body.get()); }

bool IsPod(const Object& object) { return object.type == kPods.type; }

/// What the probe of a pod said when it failed last, or nullopt. Once it has ended well, the pod
/// is past it.
std::optional<Problem> WhyNotIsolated(const PodView& pod) {
  const auto probe = std::ranges::find(pod.init_containers, kProbeContainer, &ContainerState::name);
  if (probe == pod.init_containers.end() || probe->exit_code.value_or(0) == 0) return std::nullopt;
  const auto report = ReadProbeReport(probe->termination_message);
  if (report) return Problem{std::string(ToString(report->reason)), DescribeProbe(*report)};
  return Problem{std::string(reason::kNothingProven),
                 "the probe that has to prove that packets are filtered ended without a result: " +
                     (probe->termination_message.empty() ? probe->terminated_reason
                                                         : probe->termination_message)};
}

void Disrupt(PodView& pod, std::string_view why, std::string message) {
  pod.conditions.push_back({"DisruptionTarget", "True", std::string(why), std::move(message)});
}

void Explain(PodView& pod, std::string_view container, const Problem& why) {
  auto& waiting = *std::ranges::find(pod.init_containers, container, &ContainerState::name);
  waiting.waiting_reason = why.reason;
  waiting.waiting_message = why.message;
}

/// The pod as it is to be understood, or nullptr where nothing is to be added.
std::shared_ptr<const PodView> Marked(const Object& pod, const Object& owner,
                                      const std::string& since, bool ends) {
  const auto problem = WhyNotIsolated(ViewOf(pod));
  const bool stale = IsStale(pod, since) && IsChildOf(pod.key, pod.meta, owner.key, owner.meta);
  const auto model = WhyNotVerified(ViewOf(pod));
  if (!problem && !model && !stale) return nullptr;
  auto view = std::make_shared<PodView>(ViewOf(pod));
  if (model) Explain(*view, kVerifyContainer, *model);
  if (problem) {
    Explain(*view, kProbeContainer, *problem);
    if (view->phase == PodView::Phase::kFailed) {
      view->reason = problem->reason;
      view->message = problem->message;
    }
    Disrupt(*view, problem->reason, problem->message);
  }
  if (stale) {
    constexpr const char* kWhy =
        "the rules that isolate it have become stricter, and connections outlive rules";
    Disrupt(*view, reason::kTightened, kWhy);
    if (ends && !pod.meta.deleted) {
      view->phase = PodView::Phase::kFailed;
      view->reason = reason::kTightened;
      view->message = kWhy;
    }
  }
  return view;
}

}  // namespace

std::string SinceOf(const ObjectMeta& meta) {
  constexpr std::size_t kDigits = 64;
  const auto since = meta.annotations.find(kSince);
  const bool ours = since != meta.annotations.end() && since->second.size() == kDigits &&
                    since->second.find_first_not_of("0123456789abcdef") == std::string::npos;
  return ours ? since->second : "";
}

bool IsStale(const Object& pod, const std::string& since) {
  return !since.empty() && !ViewOf(pod).Ended() && SinceOf(pod.meta) != since;
}

std::string Leaves(const Rules& rules) {
  std::vector<std::string_view> open;
  if (rules.within_workload) open.push_back(kWithinWorkload);
  if (!rules.probed) open.push_back(kUnproven);
  return fmt::format("{}", fmt::join(open, " "));
}

bool TakesBack(const ObjectMeta& policy, const Rules& rules) {
  const auto left = policy.annotations.find(kLeaves);
  if (left == policy.annotations.end()) return false;
  const std::string now = Leaves(rules);
  return std::ranges::any_of(std::array{kWithinWorkload, kUnproven}, [&](std::string_view one) {
    return left->second.find(one) != std::string::npos && now.find(one) == std::string::npos;
  });
}

Snapshot WithMarks(const Snapshot& world, const Object& owner, const std::string& since,
                   bool ends) {
  std::vector<ObjectPtr> objects = world.Objects();
  for (auto& object : objects) {
    auto view = IsPod(*object) ? Marked(*object, owner, since, ends) : nullptr;
    if (!view) continue;
    auto marked = std::make_shared<Object>(*object);
    marked->body = std::move(view);
    object = std::move(marked);
  }
  return Snapshot(std::move(objects));
}

}  // namespace slipway::isolation
