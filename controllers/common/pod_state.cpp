#include "controllers/common/pod_state.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "controllers/common/text.hpp"

namespace slipway {
namespace {

// What Kubernetes sets on a pod that ends for no fault of its own, and what Kueue sets on one that
// it takes back, as for a job of higher priority.
constexpr std::string_view kDisruptionTarget = "DisruptionTarget";
constexpr std::string_view kTerminationTarget = "TerminationTarget";

// The waiting reasons of k8s.io/kubernetes/pkg/kubelet/{images/types.go,container/sync_result.go,
// kuberuntime/kuberuntime_container.go} that do not go away without somebody's help.
struct WaitingReason {
  std::string_view kubelet;
  std::string_view ours;
};
constexpr std::array kWaitingReasons{
    WaitingReason{"ErrImagePull", "ImagePullFailed"},
    WaitingReason{"ImagePullBackOff", "ImagePullFailed"},
    WaitingReason{"ErrImageNeverPull", "ImagePullFailed"},
    WaitingReason{"InvalidImageName", "ImagePullFailed"},
    WaitingReason{"RegistryUnavailable", "ImagePullFailed"},
    WaitingReason{"SignatureValidationFailed", "ImagePullFailed"},
    WaitingReason{"CreateContainerConfigError", "ContainerConfigFailed"},
    WaitingReason{"CreateContainerError", "ContainerStartFailed"},
    WaitingReason{"RunContainerError", "ContainerStartFailed"},
    WaitingReason{"CrashLoopBackOff", "CrashLooping"},
    // Not the kubelet's, but what is made of a probe that has failed (isolation/marks), and of a
    // model that is not what was registered.
    WaitingReason{"IsolationUnenforced", "IsolationUnenforced"},
    WaitingReason{"NothingProven", "NothingProven"},
    WaitingReason{"ModelCorrupt", "ModelCorrupt"},
    WaitingReason{"ModelUnreadable", "ModelUnreadable"},
};

// Pods run as non-root without our choosing a user (OpenShift refuses a chosen one), so an image
// built for root is the one refusal that every newcomer meets.
std::string_view WayOut(std::string_view message) {
  if (message.find("runAsNonRoot") == std::string_view::npos) return "";
  return " (set podTemplate.securityContext.runAsUser to a user other than 0, or build the image "
         "with a numeric USER)";
}

// The kubelet tells the same failed pull as ErrImagePull, with the cause, and, while it waits for
// the next try, as ImagePullBackOff with the cause behind a prefix. Both become one text, or the
// status would be rewritten twice at every try for as long as the image is missing.
std::string WithoutBackOff(const std::string& message) {
  constexpr std::string_view kCause = "ErrImagePull: ";
  const auto at = message.find(kCause);
  return at == std::string::npos ? message : message.substr(at + kCause.size());
}

std::optional<Problem> WhyWaiting(const ContainerState& container) {
  const auto known =
      std::ranges::find(kWaitingReasons, container.waiting_reason, &WaitingReason::kubelet);
  if (known == kWaitingReasons.end()) return std::nullopt;
  std::string message = WithoutBackOff(container.waiting_message);
  message += WayOut(container.waiting_message);
  if (message.empty()) message = container.waiting_reason;
  return Problem{std::string(known->ours), OneLine(message)};
}

}  // namespace

std::optional<Problem> WhyNotStarting(const PodView& pod) {
  for (const auto* containers : {&pod.init_containers, &pod.containers}) {
    for (const auto& container : *containers) {
      if (auto problem = WhyWaiting(container)) return problem;
    }
  }
  const bool refused = pod.phase == PodView::Phase::kPending && !pod.scheduled;
  if (!refused || pod.scheduling_message.empty()) return std::nullopt;
  return Problem{"Unschedulable", OneLine(pod.scheduling_message)};
}

PodEnd DescribeEnd(const PodView& pod) {
  PodEnd end{pod.reason, std::nullopt, pod.message, std::nullopt};
  for (const auto& container : pod.containers) {
    if (!container.exit_code) continue;
    if (container.finished && (!end.time || *end.time < *container.finished)) {
      end.time = container.finished;
    }
    if (end.exit_code.value_or(0) != 0) continue;
    end.exit_code = container.exit_code;
    if (end.reason.empty()) end.reason = container.terminated_reason;
    if (end.message.empty()) end.message = container.termination_message;
  }
  if (end.reason.empty()) end.reason = "Error";
  end.message = LastWords(end.message);
  return end;
}

const ConditionView* FindDisruption(const PodView& pod) {
  const auto found = std::ranges::find_if(pod.conditions, [](const ConditionView& condition) {
    const bool disrupts =
        condition.type == kDisruptionTarget || condition.type == kTerminationTarget;
    return disrupts && condition.status == "True";
  });
  return found == pod.conditions.end() ? nullptr : &*found;
}

}  // namespace slipway
