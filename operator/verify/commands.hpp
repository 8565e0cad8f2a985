#pragma once

#include <ostream>
#include <string>

namespace CLI {
class App;
}

namespace slipway::verify {

/// `slipway digest`, which tells the digest of a model, and `slipway verify-model`, which compares
/// it inside a pod before the server starts. The latter exits with the codes of
/// controllers/common/model_report.hpp.
class Commands {
 public:
  /// People need no more than `digest`.
  void AddTo(CLI::App& app, bool for_people);
  /// Whether one of them was given.
  bool Parsed() const;
  int Run(std::ostream& out, std::ostream& err) const;

 private:
  int Verify(std::ostream& out, std::ostream& err) const;

  CLI::App* digest_ = nullptr;
  CLI::App* verify_ = nullptr;
  std::string path_;
  std::string expected_;
  std::string report_ = "/dev/termination-log";
};

}  // namespace slipway::verify
