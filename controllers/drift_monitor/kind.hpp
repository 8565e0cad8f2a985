#pragma once

#include <chrono>
#include <string_view>

#include "crds/generated/codec.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/resource.hpp"

/// What names a DriftMonitor and its state to users. Every reason that a condition or an Event can
/// show is here, so that docs and alerts have one list to agree with.
namespace slipway::drift_monitor {

inline constexpr Resource<api::DriftMonitor> kDriftMonitors{api::kDriftMonitorType,
                                                            api::DecodeDriftMonitor};

/// Value of label app.kubernetes.io/name of all children.
inline constexpr std::string_view kApplication = "drift-monitor";
/// Value of label slipway.dev/role of a pod that evaluates.
inline constexpr std::string_view kEvaluationRole = "evaluation";
/// Name of the container in every pod, for `kubectl logs -c`.
inline constexpr std::string_view kContainer = "evaluation";

/// Labels of an evaluation pod: which run it is for, and of which form of the spec.
inline constexpr std::string_view kRun = "slipway.dev/run";
inline constexpr std::string_view kGeneration = "slipway.dev/owner-generation";

/// A pod that has not started for so long is worth a word to the user.
inline constexpr std::chrono::seconds kNotStartedAfter{60};

/// Condition types beside the three of kstatus.
namespace condition {
inline constexpr std::string_view kDriftDetected = "DriftDetected";
inline constexpr std::string_view kDataSufficient = "DataSufficient";
}  // namespace condition

namespace reason {
inline constexpr std::string_view kEvaluated = "Evaluated";
inline constexpr std::string_view kEvaluating = "Evaluating";
inline constexpr std::string_view kEvaluationFailed = "EvaluationFailed";
inline constexpr std::string_view kNotStarted = "EvaluationNotStarted";
inline constexpr std::string_view kSuspended = "Suspended";
inline constexpr std::string_view kDriftShareReached = "DriftShareReached";
inline constexpr std::string_view kBreachesPending = "ConsecutiveBreachesPending";
inline constexpr std::string_view kBelowDriftShare = "BelowDriftShare";
inline constexpr std::string_view kEnoughRows = "EnoughRows";
inline constexpr std::string_view kTooFewRows = "TooFewRows";
inline constexpr std::string_view kInvalidEvaluationPod = "InvalidEvaluationPod";
inline constexpr std::string_view kWorkerImageMissing = "WorkerImageMissing";
}  // namespace reason

}  // namespace slipway::drift_monitor
