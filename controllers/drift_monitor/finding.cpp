#include "controllers/drift_monitor/finding.hpp"

#include <fmt/core.h>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"

namespace slipway::drift_monitor {
namespace {

std::string_view TerminationMessage(const PodView& pod) {
  return pod.containers.empty() ? std::string_view{} : pod.containers.front().termination_message;
}

std::string_view WayOut(const PodEnd& end) {
  if (end.reason == "OOMKilled") {
    return "; raise spec.resources.limits.memory or lower spec.production.maxRows";
  }
  if (end.reason == "DeadlineExceeded") {
    return "; lower spec.production.maxRows, or raise spec.intervalSeconds or "
           "spec.resources.limits.cpu";
  }
  return "";
}

std::string DescribeKilled(const EvaluationPod& pod) {
  const PodEnd end = DescribeEnd(*pod.view);
  std::string text = fmt::format("pod {} ended with {}", pod.key->name, end.reason);
  if (end.exit_code) text += fmt::format(" (exit code {})", *end.exit_code);
  if (!end.message.empty()) text += ": " + end.message;
  return text.append(WayOut(end));
}

}  // namespace

std::optional<Finding> ReadFinding(const Observed& observed, Instant now) {
  if (!observed.current || !observed.current->Ended()) return std::nullopt;
  const EvaluationPod& pod = *observed.current;
  Finding finding;
  finding.run = pod.run;
  finding.time = StatusTime(DescribeEnd(*pod.view).time.value_or(now));
  auto report = ReadReport(TerminationMessage(*pod.view));
  const bool succeeded = pod.view->phase == PodView::Phase::kSucceeded;
  if (report && succeeded) {
    finding.summary = std::move(*report);
  } else if (!report && report.error().code == Code::kInvalid) {
    finding.failure = report.error().message;
  } else if (succeeded) {
    finding.failure = fmt::format("pod {} left no report that can be read ({})", pod.key->name,
                                  report.error().message);
  } else {
    finding.failure = DescribeKilled(pod);
  }
  return finding;
}

std::optional<Problem> WhyNotEvaluating(const Observed& observed, Instant now) {
  if (!observed.current || observed.current->Ended()) return std::nullopt;
  const EvaluationPod& pod = *observed.current;
  if (auto problem = WhyNotStarting(*pod.view)) {
    problem->message =
        fmt::format("evaluation pod {} does not start: {}", pod.key->name, problem->message);
    return problem;
  }
  const bool started = pod.view->phase == PodView::Phase::kRunning;
  if (started || now < pod.meta->created + kNotStartedAfter) return std::nullopt;
  return Problem{std::string(reason::kNotStarted),
                 fmt::format("evaluation pod {} has not started after {} s: its image is still "
                             "being pulled, or a volume that the spec names cannot be mounted "
                             "(`kubectl describe pod {}` tells)",
                             pod.key->name, kNotStartedAfter.count(), pod.key->name)};
}

}  // namespace slipway::drift_monitor
