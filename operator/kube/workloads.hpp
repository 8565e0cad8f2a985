#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "operator/kube/resource.hpp"
#include "operator/kube/scheduling.hpp"

/// Projections of the built-in kinds: only what a decision is made on, so that an object costs
/// hundreds of bytes in memory and not tens of thousands.
namespace slipway {

struct ContainerState {
  std::string name;
  bool ready = false;
  std::int32_t restarts = 0;
  std::string waiting_reason;  ///< E.g. ImagePullBackOff; empty when not waiting.
  std::string waiting_message;
  /// How it ended, or, while it is being started again and until it is ready, how its last run did.
  std::optional<std::int32_t> exit_code;
  std::string terminated_reason;    ///< E.g. OOMKilled, Error, Completed.
  std::string termination_message;  ///< What the program wrote to /dev/termination-log.
  std::optional<Instant> finished;
  /// Of the image it ran from, e.g. sha256:1f..., as far as the kubelet names one.
  std::string image_digest;
};

/// A condition in the status of a built-in kind.
struct ConditionView {
  std::string type;
  std::string status;
  std::string reason;
  std::string message;
};

struct PodView {
  enum class Phase { kPending, kRunning, kSucceeded, kFailed, kUnknown };
  Phase phase = Phase::kUnknown;
  bool ready = false;              ///< Condition Ready.
  bool scheduled = false;          ///< Condition PodScheduled.
  bool gated = false;              ///< The scheduler leaves it alone (spec.schedulingGates).
  std::string scheduling_message;  ///< Why it is not scheduled.
  std::string reason;              ///< status.reason, e.g. Evicted.
  std::string message;
  std::string node_name;
  std::string ip;
  std::optional<Instant> started;
  std::vector<ContainerState> containers;
  std::vector<ContainerState> init_containers;
  std::vector<ConditionView> conditions;  ///< Those that not every pod has, as DisruptionTarget.
  /// Only of kPodsInFull, and not of a pod that has ended, which holds nothing any more.
  std::shared_ptr<const PodNeeds> needs;

  /// It never runs again, whatever came of it.
  bool Ended() const { return phase == Phase::kSucceeded || phase == Phase::kFailed; }
};

struct DeploymentView {
  std::int64_t observed_generation = 0;
  std::int32_t spec_replicas = 0;
  std::int32_t replicas = 0;
  std::int32_t ready_replicas = 0;
  std::int32_t updated_replicas = 0;
  std::int32_t available_replicas = 0;
  std::vector<ConditionView> conditions;
};

struct ServiceView {
  std::string cluster_ip;
};

struct DisruptionBudgetView {
  std::int32_t current_healthy = 0;
  std::int32_t desired_healthy = 0;
};

struct AutoscalerView {
  std::int32_t current_replicas = 0;
  std::int32_t desired_replicas = 0;
  std::optional<std::int32_t> current_cpu_utilization;  ///< Percent of the request.
  std::vector<ConditionView> conditions;
};

/// A Node, which is called a machine here, since the nodes of a job are its pods.
struct MachineView {
  NodeView node;
  std::vector<ConditionView> conditions;  ///< Without message, for it says nothing to a rule.
};

Result<PodView> DecodePod(const JsonView& object);
/// With what the scheduler is asked for. Of a pod that is not ours nothing else is kept than that
/// and where it is.
Result<PodView> DecodePodInFull(const JsonView& object);
Result<DeploymentView> DecodeDeployment(const JsonView& object);
Result<ServiceView> DecodeService(const JsonView& object);
Result<DisruptionBudgetView> DecodeDisruptionBudget(const JsonView& object);
Result<AutoscalerView> DecodeAutoscaler(const JsonView& object);
Result<MachineView> DecodeMachine(const JsonView& object);

inline constexpr Resource<PodView> kPods{{"", "v1", "Pod", "pods"}, DecodePod};
/// The same pods, for who looks them up to see what room is left on the machines. Where one kind is
/// looked up like this, all pods of the cluster are watched.
inline constexpr Resource<PodView> kPodsInFull{kPods.type, DecodePodInFull, false, false,
                                               /*strips_others=*/true};
inline constexpr Resource<MachineView> kMachines{{"", "v1", "Node", "nodes"},
                                                 DecodeMachine,
                                                 false,
                                                 /*cluster_scoped=*/true,
                                                 /*strips_others=*/true};
/// The same machines with their dozens of labels, for who looks up what pods they take.
inline constexpr Resource<MachineView> kMachinesInFull{kMachines.type, DecodeMachine, false,
                                                       /*cluster_scoped=*/true};
inline constexpr Resource<ServiceView> kServices{
    {"", "v1", "Service", "services"}, DecodeService, true};
inline constexpr Resource<DeploymentView> kDeployments{
    {"apps", "v1", "Deployment", "deployments"}, DecodeDeployment, true};
inline constexpr Resource<DisruptionBudgetView> kDisruptionBudgets{
    {"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"}, DecodeDisruptionBudget, true};
inline constexpr Resource<AutoscalerView> kAutoscalers{
    {"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"},
    DecodeAutoscaler,
    true};

}  // namespace slipway
