#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "operator/worker/watch.hpp"

namespace CLI {
class App;
}

namespace slipway::worker {

/// The exit code when a source cannot be looked at.
inline constexpr int kLookFailed = 3;

/// `slipway worker watch-commit` and `slipway worker watch-data`: one look at a source, whose
/// result goes to the output file for the operator, and to `out` for people. Credentials are read
/// from the environment, so that no list of processes shows them.
class Commands {
 public:
  void AddTo(CLI::App& app);
  /// Whether one of them was given.
  bool Parsed() const;
  /// 0, or kLookFailed with {"error": "..."} in the output file.
  int Run(std::ostream& out);

 private:
  CLI::App* worker_ = nullptr;
  CLI::App* commit_ = nullptr;
  BranchLook branch_;
  StoreLook store_;
  std::string after_;
  std::int64_t at_newest_ = 0;
  std::string output_ = "/dev/termination-log";
};

}  // namespace slipway::worker
