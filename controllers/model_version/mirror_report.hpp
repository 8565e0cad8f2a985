#pragma once

#include <string>
#include <string_view>

#include "controllers/model_version/mlflow_mirror.hpp"

/// What `slipway mirror-model` tells the operator, as the termination message of its pod.
namespace slipway::model_version {

struct MirrorReport {
  MlflowPlace place;
  std::string url;
};

std::string WriteMirrorReport(const MirrorReport& report);
std::string WriteMirrorFailure(const Error& error);

/// The error of a failed mirroring comes back with its code and message. A text that is neither
/// gives kInternal. What comes back fits into a status.
Result<MirrorReport> ReadMirrorReport(std::string_view text);

}  // namespace slipway::model_version
