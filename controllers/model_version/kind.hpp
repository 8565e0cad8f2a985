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

/// Where the versions of a model are found by whoever looks them up.
inline std::string FiledUnder(std::string_view ns, std::string_view model) {
  return std::string(ns) + "/" + std::string(model);
}

namespace reason {
inline constexpr std::string_view kRecorded = "Recorded";
inline constexpr std::string_view kDigestMissing = "DigestMissing";
}  // namespace reason

}  // namespace slipway::model_version
