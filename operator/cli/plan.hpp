#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"

namespace slipway::cli {

/// Exit codes of the subcommands for people.
inline constexpr int kExitFine = 0;
inline constexpr int kExitError = 1;  ///< A manifest is refused, or the cluster cannot be asked.
inline constexpr int kExitUsage = 2;
inline constexpr int kExitCause = 3;  ///< `why` found what keeps the object from its goal.

enum class Output { kText, kYaml, kJson };

struct PlanOptions {
  std::vector<std::string> files;  ///< Files, folders, or "-" for standard input.
  std::string ns = "default";      ///< Of objects that name none.
  Output output = Output::kText;
};

/// `slipway plan`: what the operator would create for the manifests, without a cluster. What is
/// wrong with them goes to `problems`, a line each; the answer is the exit code.
int RunPlan(const PlanOptions& options, std::istream& input, std::ostream& out,
            std::ostream& problems, Instant now);

}  // namespace slipway::cli
