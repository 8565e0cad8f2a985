#pragma once

#include <functional>
#include <memory>
#include <string>

#include "operator/base/result.hpp"

namespace slipway {

/// What the admin server answers with. Each is called on a thread of the server.
struct AdminPages {
  /// Empty when alive, else why not.
  std::function<std::string()> not_alive;
  /// Empty when ready, else why not.
  std::function<std::string()> not_ready;
  std::function<std::string()> metrics;
  /// Dumps for a support case by name ("queue", "cache", "config"); only served to callers on
  /// the loopback address, e.g. through `kubectl port-forward`.
  std::function<std::string(const std::string& name)> debug;
};

/// Serves /healthz, /readyz, /metrics and /debug/NAME.
class AdminServer {
 public:
  /// `address` is "HOST:PORT" or ":PORT"; fails when it cannot be listened on.
  static Result<std::unique_ptr<AdminServer>> Start(const std::string& address, AdminPages pages);
  virtual ~AdminServer() = default;
};

}  // namespace slipway
