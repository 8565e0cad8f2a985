#pragma once

#include <string_view>

#include "crds/generated/codec.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/resource.hpp"

/// What names a ModelDeployment and its state to users. Every reason that a condition or an Event
/// can show is here, so that docs and alerts have one list to agree with.
namespace slipway::model_deployment {

inline constexpr Resource<api::ModelDeployment> kModelDeployments{api::kModelDeploymentType,
                                                                  api::DecodeModelDeployment};

/// Value of label app.kubernetes.io/name of all children.
inline constexpr std::string_view kApplication = "model-deployment";
/// Values of label slipway.dev/role.
inline constexpr std::string_view kServerRole = "server";
inline constexpr std::string_view kEndpointRole = "endpoint";
inline constexpr std::string_view kBudgetRole = "budget";
inline constexpr std::string_view kAutoscalerRole = "autoscaler";
/// Name of the container in every pod, for `kubectl logs -c`, and of its port.
inline constexpr std::string_view kContainer = "server";
inline constexpr std::string_view kPort = "http";

/// Annotation of a Deployment: the generation of the custom resource that it was written for. It
/// tells a Deployment that has rolled out from one that has not yet heard of the newest change.
inline constexpr std::string_view kGeneration = "slipway.dev/owner-generation";

/// Condition types beside the three of kstatus.
namespace condition {
/// Somebody answers at the address, whether or not it is what the spec now asks for.
inline constexpr std::string_view kEndpointReady = "EndpointReady";
/// Every variant, also one that stands by, runs as the spec asks.
inline constexpr std::string_view kVariantsReady = "VariantsReady";
/// Present only with spec.autoscaling: whether the autoscaler can do its work.
inline constexpr std::string_view kAutoscalingActive = "AutoscalingActive";
/// Present only while the wanted variant names a ModelVersion: whether it is the champion by this
/// deployment.
inline constexpr std::string_view kPromoted = "Promoted";
}  // namespace condition

namespace reason {
inline constexpr std::string_view kServing = "Serving";
inline constexpr std::string_view kScaledToZero = "ScaledToZero";
inline constexpr std::string_view kCreating = "Creating";
inline constexpr std::string_view kRollingOut = "RollingOut";
inline constexpr std::string_view kPodsNotReady = "PodsNotReady";
inline constexpr std::string_view kNoReadyPods = "NoReadyPods";
inline constexpr std::string_view kSwitching = "Switching";
inline constexpr std::string_view kVariantsReady = "VariantsReady";
inline constexpr std::string_view kProgressDeadlineExceeded = "ProgressDeadlineExceeded";
inline constexpr std::string_view kUnknownRuntime = "UnknownRuntime";
inline constexpr std::string_view kUnsupportedValue = "UnsupportedValue";
inline constexpr std::string_view kInvalidPodTemplate = "InvalidPodTemplate";
inline constexpr std::string_view kAutoscalerPending = "AutoscalerPending";
inline constexpr std::string_view kPromoted = "Promoted";
inline constexpr std::string_view kNotServingYet = "NotServingYet";
inline constexpr std::string_view kModelVersionNotFound = "ModelVersionNotFound";
}  // namespace reason

}  // namespace slipway::model_deployment
