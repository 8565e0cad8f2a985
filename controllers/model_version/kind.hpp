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

/// The alias of the version of a model that was promoted last.
inline constexpr std::string_view kChampion = "champion";

namespace reason {
inline constexpr std::string_view kRecorded = "Recorded";
inline constexpr std::string_view kDigestMissing = "DigestMissing";
inline constexpr std::string_view kPromoted = "Promoted";
inline constexpr std::string_view kSuperseded = "Superseded";
}  // namespace reason

}  // namespace slipway::model_version
