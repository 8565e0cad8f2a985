#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace slipway::probe {

/// `slipway probe`: sees from inside a pod whether the network keeps it from what it is declared to
/// be kept from. Exits with the codes of controllers/common/probe_report.hpp.
class Commands {
 public:
  void AddTo(CLI::App& app);
  /// Whether it was given.
  bool Parsed() const;
  /// Tries until there is a verdict. The report goes to its file and to `out`; what to do about
  /// another verdict than Enforced to `err`.
  int Run(std::ostream& out, std::ostream& err);

 private:
  CLI::App* probe_ = nullptr;
  std::vector<std::string> reachable_;
  std::vector<std::string> refused_;
  std::int64_t timeout_seconds_ = 60;
  std::int64_t settle_seconds_ = 0;
  std::string report_ = "/dev/termination-log";
};

}  // namespace slipway::probe
