#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <string_view>

namespace CLI {
class App;
}

namespace slipway::cli {

/// Whether the program was called as a plugin of kubectl, which looks for `kubectl-NAME`.
bool IsPlugin(std::string_view program);

/// The subcommands for people: plan, status, why, images, preflight and audit.
class Commands {
 public:
  /// Adds them to a command line, which keeps a reference to this object.
  explicit Commands(CLI::App& app);
  ~Commands();

  /// Runs the one that was given and returns its exit code; nullopt when it was another one.
  std::optional<int> Run(std::istream& input, std::ostream& out, std::ostream& problems);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slipway::cli
