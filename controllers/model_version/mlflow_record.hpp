#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "crds/generated/types.hpp"

namespace slipway::model_version {

/// A version in the words of MLflow: a run that holds what was measured, and a version of a
/// registered model that points to it.
struct MlflowRecord {
  using Texts = std::vector<std::pair<std::string, std::string>>;

  /// Of the experiment and of the registered model: "NAMESPACE.MODEL", since namespaces share the
  /// server and each counts its own versions.
  std::string model;
  std::string run_name;  ///< Name of the ModelVersion.
  std::string uid;       ///< What a run is found by; it is in the tags as kUidTag.
  std::int64_t time_ms = 0;
  Texts tags;
  Texts params;
  std::vector<std::pair<std::string, double>> metrics;
  std::string source;       ///< Where the model is.
  std::string description;  ///< The model card, as much as MLflow takes.
  std::vector<std::string> aliases;
};

inline constexpr const char* kUidTag = "slipway.uid";

/// Names that MLflow would refuse get '_' where it allows no character, and a number where two
/// become alike; a metric that is no finite double is left out.
MlflowRecord MakeMlflowRecord(const api::ModelVersion& version);

}  // namespace slipway::model_version
