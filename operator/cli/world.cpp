#include "operator/cli/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "controllers/common/labels.hpp"
#include "controllers/common/pod_state.hpp"
#include "controllers/drift_monitor/kind.hpp"
#include "operator/cli/decode.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

std::string RoleOf(const json& pod) {
  const std::string node = Label(pod, labels::kNodeIndex);
  const std::string variant = Label(pod, labels::kVariant);
  const std::string run = Label(pod, drift_monitor::kRun);
  if (!node.empty()) return "node " + node;
  if (!variant.empty()) return "variant " + variant;
  return run.empty() ? Label(pod, labels::kRole) : "run " + run;
}

/// "node 10" comes after "node 9".
auto Order(const Pod& pod) { return std::tuple(pod.role.size(), pod.role, pod.name); }

bool HasEnded(const PodView& view) {
  return view.phase == PodView::Phase::kFailed ||
         std::ranges::any_of(view.containers,
                             [](const ContainerState& one) { return one.exit_code.has_value(); });
}

}  // namespace

std::string World::Namespace() const { return Text(resource, {"metadata", "namespace"}); }

std::string World::Title() const {
  return fmt::format("{} {}/{}", kind, Namespace(), Name(resource));
}

std::string World::Handle() const {
  const char* letters = kind == "TrainingJob"       ? "tj"
                        : kind == "TrainingTrigger" ? "tt"
                        : kind == "ModelDeployment" ? "md"
                                                    : "dm";
  return fmt::format("{}/{} -n {}", letters, Name(resource), Namespace());
}

std::vector<Pod> PodsOf(const World& world) {
  std::vector<Pod> pods;
  for (const json& object : world.pods) {
    auto view = DecodeAs(kPods, object);
    if (!view) continue;
    pods.push_back({&object, std::move(*view), Name(object), RoleOf(object),
                    Time(object, {"metadata", "creationTimestamp"}),
                    Time(object, {"metadata", "deletionTimestamp"})});
  }
  std::ranges::sort(pods, {}, Order);
  return pods;
}

std::string LastWordsOf(const Pod& pod) {
  if (pod.view.phase == PodView::Phase::kSucceeded) return "";
  std::string text;
  if (HasEnded(pod.view)) {
    const PodEnd end = DescribeEnd(pod.view);
    text = end.reason;
    if (end.exit_code) text += fmt::format(" (exit code {})", *end.exit_code);
    if (!end.message.empty()) text += ": " + end.message;
  } else if (const auto problem = WhyNotStarting(pod.view)) {
    text = problem->reason + ": " + problem->message;
  }
  return Line(text);
}

std::optional<Instant> EventTime(const json& event) {
  std::optional<Instant> last;
  for (const Path path : {Path{"series", "lastObservedTime"}, Path{"lastTimestamp"},
                          Path{"eventTime"}, Path{"firstTimestamp"}}) {
    last = std::max(last, Time(event, path));
  }
  return last ? last : Time(event, {"metadata", "creationTimestamp"});
}

}  // namespace slipway::cli
