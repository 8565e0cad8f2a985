#pragma once

#include <ostream>
#include <string>

namespace slipway::drift_monitor {

/// The options of `slipway evaluate-drift`.
struct EvaluateDriftOptions {
  std::string reference;  ///< --reference FILE: what the model was trained on.
  std::string sample;     ///< --sample FILE: what the model is given in production.
  std::string spec;       ///< --spec JSON: `.spec` of the DriftMonitor.
  std::string output = "/dev/termination-log";  ///< --output FILE: gets the report.
};

/// The exit code when the input cannot be read or compared.
inline constexpr int kEvaluationFailed = 3;

/// The subcommand `slipway evaluate-drift`, which runs in the evaluation pod: reads both files,
/// prints a table for people to `out` and writes the report for the operator to the output file.
/// Returns 0 also when there is drift, and kEvaluationFailed with {"error": "..."} in the output
/// when something is wrong with the input. The only function of this controller that does I/O.
int RunEvaluateDrift(const EvaluateDriftOptions& options, std::ostream& out);

}  // namespace slipway::drift_monitor
