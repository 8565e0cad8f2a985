#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "controllers/common/pod_state.hpp"
#include "controllers/isolation/artifacts.hpp"
#include "operator/cli/findings.hpp"
#include "operator/cli/fit.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;
using std::chrono::seconds;

/// A pod that is to go and does not for so long after its grace period has lost its machine.
constexpr seconds kStuckAfter{30};

/// Several pods with one trouble.
struct Group {
  std::string reason;
  std::string message;
  std::vector<const Pod*> pods;
};

/// The newest Warning about a pod that waits for its machine: a volume, a sandbox.
std::string NewestWarning(const World& world, const Pod& pod) {
  const json* newest = nullptr;
  for (const json& event : world.events) {
    const bool about =
        Text(event, {"involvedObject", "uid"}) == Text(*pod.object, {"metadata", "uid"}) &&
        Text(event, {"type"}) == "Warning" && Text(event, {"reason"}).starts_with("Failed");
    if (about && (newest == nullptr || EventTime(*newest) <= EventTime(event))) newest = &event;
  }
  return newest == nullptr ? "" : Text(*newest, {"reason"}) + ": " + Text(*newest, {"message"});
}

/// What is wrong with one pod; empty when nothing is.
struct Trouble {
  std::string reason;
  std::string message;
};

Trouble TroubleOf(const World& world, const Pod& pod) {
  if (pod.deleted) {
    const bool stuck = world.now - *pod.deleted > kStuckAfter;
    return stuck ? Trouble{"Stuck", "machine " + pod.view.node_name} : Trouble{};
  }
  if (const auto model = isolation::WhyNotVerified(pod.view)) {
    return {model->reason, model->message};
  }
  if (const auto problem = WhyNotStarting(pod.view)) {
    // The kubelet's words about a crash name the pod; how it ended is what several have in common.
    const bool crash = problem->reason == "CrashLooping";
    return {problem->reason, crash ? LastWordsOf(pod) : problem->message};
  }
  if (pod.view.phase != PodView::Phase::kPending) return {};
  const std::string warning = NewestWarning(world, pod);
  return warning.empty() ? Trouble{} : Trouble{"NotStarted", warning};
}

/// "2 of 4 pods", and which.
std::string Which(const Group& group, std::size_t all) {
  const auto& first = *group.pods.front();
  if (group.pods.size() == 1) return fmt::format("pod {} ({})", first.name, first.role);
  return fmt::format("{} of {} pods", group.pods.size(), all);
}

Finding Unplaced(const World& world, const Group& group, std::size_t all) {
  Finding finding{Which(group, all) + " cannot be placed on a node", {group.message}, "", ""};
  const json& spec = At(*group.pods.front()->object, {"spec"});
  std::vector<std::string> never;
  // A job's nodes start together; the pods of a Deployment need not.
  const std::size_t together = world.kind == "TrainingJob" ? all : 1;
  const bool claim = group.message.find("persistentvolumeclaim") != std::string::npos;
  if (!claim && !world.unread.contains("nodes")) never = WhyNeverFits(spec, together, world.nodes);
  if (claim) {
    finding.waits_for = "the PersistentVolumeClaim";
    finding.way_out =
        fmt::format("kubectl get pvc -n {}; create it, or correct its name", world.Namespace());
  } else if (never.empty()) {
    finding.waits_for = "room on a node";
    finding.way_out = "wait, ask for less, add nodes or tolerations; kubectl describe pod " +
                      group.pods.front()->name + " -n " + world.Namespace() + " says more";
  } else {
    finding.way_out = "waiting does not help: ask for less (" +
                      std::string(world.kind == "TrainingJob"
                                      ? "suspend the job, change spec.trainer.resourcesPerNode or "
                                        "numNodes, resume it"
                                      : "the resources in the spec") +
                      "), or add nodes that are large enough";
  }
  finding.facts.insert(finding.facts.end(), never.begin(), never.end());
  return finding;
}

Finding Explain(const World& world, const Group& group, std::size_t all) {
  const std::string which = Which(group, all);
  const std::string log =
      fmt::format("kubectl logs {} -n {} --previous", group.pods.front()->name, world.Namespace());
  if (group.reason == "Unschedulable") return Unplaced(world, group, all);
  if (group.reason == "Stuck") {
    return {which + " should be gone and is not",
            {group.message},
            "the kubelet of its machine",
            "repair the machine or delete its Node; then kubectl delete pod --force"};
  }
  if (group.reason == "CrashLooping") {
    return {"the program of " + which + " ends again and again",
            {group.message},
            "the kubelet, which starts it again after up to 5 minutes",
            log + "; correct what it says"};
  }
  if (group.reason == "NotStarted") {
    return {which + " cannot start",
            {group.message},
            "the kubelet, which tries again",
            "create what is missing, or correct its name in podTemplate"};
  }
  const bool image = group.reason == "ImagePullFailed";
  return {image ? "the image of " + which + " cannot be pulled"
                : "the container of " + which + " cannot be started",
          {group.message},
          "the kubelet, which tries again",
          WayOut(world, group.reason)};
}

}  // namespace

std::vector<Finding> PodFindings(const World& world, const std::vector<Pod>& pods) {
  std::vector<Group> groups;
  for (const Pod& pod : pods) {
    Trouble trouble = TroubleOf(world, pod);
    if (trouble.reason.empty()) continue;
    trouble.message = Line(trouble.message);
    const auto same = std::ranges::find_if(groups, [&](const Group& group) {
      return group.reason == trouble.reason && group.message == trouble.message;
    });
    if (same == groups.end()) {
      groups.push_back({std::move(trouble.reason), std::move(trouble.message), {&pod}});
    } else {
      same->pods.push_back(&pod);
    }
  }
  const std::vector<std::string> order{"Stuck", "Unschedulable"};
  std::ranges::stable_sort(groups, {}, [&](const Group& group) {
    return std::ranges::find(order, group.reason) - order.begin();
  });
  std::vector<Finding> findings;
  findings.reserve(groups.size());
  for (const Group& group : groups) findings.push_back(Explain(world, group, pods.size()));
  return findings;
}

}  // namespace slipway::cli
