#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace slipway::mirror {

/// The options of `slipway mirror-model`. Credentials come from the environment, by the names that
/// MLflow's own programs read: MLFLOW_TRACKING_USERNAME and _PASSWORD, or MLFLOW_TRACKING_TOKEN.
struct MirrorModelOptions {
  /// --tracking-uri URL; MLFLOW_TRACKING_URI in the environment goes before it.
  std::string tracking_uri;
  /// --record JSON: the ModelVersion, in pieces that are put together in their order.
  std::vector<std::string> record;
  std::string output = "/dev/termination-log";  ///< --output FILE: gets the report.
};

/// The exit code when MLflow does not have the version in the end.
inline constexpr int kMirrorFailed = 3;

/// The subcommand `slipway mirror-model`, which runs in the pod that mirrors: brings MLflow to hold
/// the ModelVersion, and repeats it for half a minute and more when MLflow does not answer. Says on
/// `out` what it does, and writes the report for the operator to the output file. Returns 0 or
/// kMirrorFailed.
int RunMirrorModel(const MirrorModelOptions& options, std::ostream& out);

}  // namespace slipway::mirror
