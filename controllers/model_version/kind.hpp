#pragma once

#include <string>
#include <string_view>

#include "crds/generated/codec.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/resource.hpp"

/// What names a ModelVersion and its state to users. Every reason that a condition or an Event can
/// show is here, so that docs and alerts have one list to agree with.
namespace slipway::model_version {

inline constexpr Resource<api::ModelVersion> kModelVersions{api::kModelVersionType,
                                                            api::DecodeModelVersion};

/// Label of a ModelVersion: the name of its model.
inline constexpr std::string_view kModel = "slipway.dev/model";

/// "churn-7": the one name that a version may have (a rule of the CRD), so that the API server has
/// no room for a second one of that number.
inline std::string NameOf(std::string_view model, std::int64_t version) {
  return std::string(model) + "-" + std::to_string(version);
}

/// The model in such a name; empty when it is none.
inline std::string_view ModelIn(std::string_view name) {
  const std::size_t dash = name.rfind('-');
  return dash == std::string_view::npos ? std::string_view{} : name.substr(0, dash);
}

/// Where the versions of a model are found by whoever looks them up.
inline std::string FiledUnder(std::string_view ns, std::string_view model) {
  return std::string(ns) + "/" + std::string(model);
}
/// The same of a ModelVersion, for a Lookup.
inline std::string FiledByModel(const Object& object) {
  const auto& version = *static_cast<const api::ModelVersion*>(object.body.get());
  return FiledUnder(object.key.ns, version.spec.model_name);
}

/// Value of label app.kubernetes.io/name of all children.
inline constexpr std::string_view kApplication = "model-version";
/// Value of label slipway.dev/role of a pod that mirrors, and the name of its container.
inline constexpr std::string_view kMirrorRole = "mirror";
inline constexpr std::string_view kContainer = "mirror";
/// Labels of such a pod: status.mirror.attempt, and how often that has failed before.
inline constexpr std::string_view kAttempt = "slipway.dev/mirror-attempt";
inline constexpr std::string_view kFailures = "slipway.dev/mirror-failures";

/// The alias of the version of a model that was promoted last.
inline constexpr std::string_view kChampion = "champion";

/// Condition types beside the three of kstatus.
namespace condition {
/// Present only where the operator mirrors: whether MLflow has the version.
inline constexpr std::string_view kMirrored = "Mirrored";
}  // namespace condition

namespace reason {
inline constexpr std::string_view kRecorded = "Recorded";
inline constexpr std::string_view kDigestMissing = "DigestMissing";
inline constexpr std::string_view kPromoted = "Promoted";
inline constexpr std::string_view kSuperseded = "Superseded";
inline constexpr std::string_view kMirrored = "Mirrored";
inline constexpr std::string_view kMirroring = "Mirroring";
inline constexpr std::string_view kUnreachable = "MLflowUnreachable";
inline constexpr std::string_view kUnauthorized = "MLflowUnauthorized";
inline constexpr std::string_view kRefused = "MLflowRefused";
inline constexpr std::string_view kUnexpectedAnswer = "MLflowUnexpectedAnswer";
inline constexpr std::string_view kMirrorPodFailed = "MirrorPodFailed";
inline constexpr std::string_view kInvalidMirrorPod = "InvalidMirrorPod";
inline constexpr std::string_view kWorkerImageMissing = "WorkerImageMissing";
}  // namespace reason

}  // namespace slipway::model_version
