#include "operator/kube/workloads.hpp"

#include <limits>

#include "operator/kube/labels.hpp"

namespace slipway {
namespace {

/// The number, or 0 when there is none or it does not fit (the API has int32 in all these places).
std::int32_t Int32(const JsonView& view) {
  const std::int64_t value = view.IntOr(0);
  constexpr std::int64_t kMin = std::numeric_limits<std::int32_t>::min();
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  return value < kMin || value > kMax ? 0 : static_cast<std::int32_t>(value);
}

PodView::Phase DecodePhase(std::string_view text) {
  if (text == "Pending") return PodView::Phase::kPending;
  if (text == "Running") return PodView::Phase::kRunning;
  if (text == "Succeeded") return PodView::Phase::kSucceeded;
  if (text == "Failed") return PodView::Phase::kFailed;
  return PodView::Phase::kUnknown;
}

/// "registry/image@sha256:1f..." names the digest by which the image was pulled; one that was put
/// onto the machine by other means has none ("sha256:..." alone is of its configuration).
std::string DigestOf(std::string_view image_id) {
  const auto at = image_id.rfind('@');
  return at == std::string_view::npos ? "" : std::string(image_id.substr(at + 1));
}

ContainerState DecodeContainer(const JsonView& status) {
  ContainerState container;
  container.name = status["name"].Text();
  container.ready = status["ready"].BoolOr(false);
  container.restarts = Int32(status["restartCount"]);
  const JsonView waiting = status["state"]["waiting"];
  container.waiting_reason = waiting["reason"].Text();
  container.waiting_message = waiting["message"].Text();
  JsonView terminated = status["state"]["terminated"];
  // Between two starts of a container that crashes, and until it is ready again.
  if (!terminated.IsObject() && !container.ready) terminated = status["lastState"]["terminated"];
  if (terminated.IsObject()) container.exit_code = Int32(terminated["exitCode"]);
  container.terminated_reason = terminated["reason"].Text();
  container.termination_message = terminated["message"].Text();
  container.finished = ParseTime(terminated["finishedAt"].Text());
  container.image_digest = DigestOf(status["imageID"].String().value_or(""));
  return container;
}

ConditionView DecodeCondition(const JsonView& condition) {
  return {condition["type"].Text(), condition["status"].Text(), condition["reason"].Text(),
          condition["message"].Text()};
}

std::vector<ConditionView> DecodeConditions(const JsonView& conditions) {
  std::vector<ConditionView> result;
  conditions.ForEach(
      [&](const JsonView& condition) { result.push_back(DecodeCondition(condition)); });
  return result;
}

void DecodePodCondition(const JsonView& condition, PodView& pod) {
  const auto type = condition["type"].String().value_or("");
  const bool holds = condition["status"].String() == "True";
  if (type == "Ready") {
    pod.ready = holds;
  } else if (type == "PodScheduled") {
    pod.scheduled = holds;
    if (!holds) pod.scheduling_message = condition["message"].Text();
  } else if (type != "Initialized" && type != "ContainersReady" &&
             type != "PodReadyToStartContainers") {
    pod.conditions.push_back(DecodeCondition(condition));
  }
}

Result<void> RequireObject(const JsonView& object) {
  if (object.IsObject()) return {};
  return Fail(Code::kInternal, "expected a JSON object");
}

}  // namespace

Result<PodView> DecodePod(const JsonView& object) {
  if (auto valid = RequireObject(object); !valid) return tl::unexpected(valid.error());
  PodView pod;
  const JsonView status = object["status"];
  pod.phase = DecodePhase(status["phase"].String().value_or(""));
  pod.reason = status["reason"].Text();
  pod.message = status["message"].Text();
  pod.node_name = object["spec"]["nodeName"].Text();
  pod.ip = status["podIP"].Text();
  pod.started = ParseTime(status["startTime"].Text());
  object["spec"]["schedulingGates"].ForEach([&](const JsonView&) { pod.gated = true; });
  status["conditions"].ForEach(
      [&](const JsonView& condition) { DecodePodCondition(condition, pod); });
  status["containerStatuses"].ForEach(
      [&](const JsonView& container) { pod.containers.push_back(DecodeContainer(container)); });
  status["initContainerStatuses"].ForEach([&](const JsonView& container) {
    pod.init_containers.push_back(DecodeContainer(container));
  });
  return pod;
}

Result<PodView> DecodePodInFull(const JsonView& object) {
  if (auto valid = RequireObject(object); !valid) return tl::unexpected(valid.error());
  const JsonView marks = object["metadata"]["labels"];
  PodView pod;
  if (marks[labels::kManagedBy].String() == labels::kManagedByValue) {
    pod = DecodePod(object).value();
  } else {
    pod.phase = DecodePhase(object["status"]["phase"].String().value_or(""));
    pod.node_name = object["spec"]["nodeName"].Text();
  }
  if (!pod.Ended()) pod.needs = std::make_shared<const PodNeeds>(DecodePodNeeds(object["spec"]));
  return pod;
}

Result<DeploymentView> DecodeDeployment(const JsonView& object) {
  if (auto valid = RequireObject(object); !valid) return tl::unexpected(valid.error());
  DeploymentView deployment;
  const JsonView status = object["status"];
  deployment.observed_generation = status["observedGeneration"].IntOr(0);
  deployment.spec_replicas = Int32(object["spec"]["replicas"]);
  deployment.replicas = Int32(status["replicas"]);
  deployment.ready_replicas = Int32(status["readyReplicas"]);
  deployment.updated_replicas = Int32(status["updatedReplicas"]);
  deployment.available_replicas = Int32(status["availableReplicas"]);
  deployment.conditions = DecodeConditions(status["conditions"]);
  return deployment;
}

Result<ServiceView> DecodeService(const JsonView& object) {
  if (auto valid = RequireObject(object); !valid) return tl::unexpected(valid.error());
  return ServiceView{object["spec"]["clusterIP"].Text()};
}

Result<DisruptionBudgetView> DecodeDisruptionBudget(const JsonView& object) {
  if (auto valid = RequireObject(object); !valid) return tl::unexpected(valid.error());
  const JsonView status = object["status"];
  return DisruptionBudgetView{Int32(status["currentHealthy"]), Int32(status["desiredHealthy"])};
}

Result<AutoscalerView> DecodeAutoscaler(const JsonView& object) {
  if (auto valid = RequireObject(object); !valid) return tl::unexpected(valid.error());
  AutoscalerView autoscaler;
  const JsonView status = object["status"];
  autoscaler.current_replicas = Int32(status["currentReplicas"]);
  autoscaler.desired_replicas = Int32(status["desiredReplicas"]);
  status["currentMetrics"].ForEach([&](const JsonView& metric) {
    const JsonView resource = metric["resource"];
    if (resource["name"].String() != "cpu") return;
    if (resource["current"]["averageUtilization"].Int()) {
      autoscaler.current_cpu_utilization = Int32(resource["current"]["averageUtilization"]);
    }
  });
  autoscaler.conditions = DecodeConditions(status["conditions"]);
  return autoscaler;
}

Result<MachineView> DecodeMachine(const JsonView& object) {
  if (auto valid = RequireObject(object); !valid) return tl::unexpected(valid.error());
  MachineView machine{DecodeNode(object), DecodeConditions(object["status"]["conditions"])};
  for (auto& condition : machine.conditions) condition.message.clear();
  return machine;
}

}  // namespace slipway
