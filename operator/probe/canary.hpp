#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "operator/base/result.hpp"

namespace slipway::probe {

/// What a pod that is kept from everything must not reach: a port that anybody else can connect to.
/// Each connection is closed as soon as it is there; nothing is read or sent.
///
/// It is closed with FIN, and not with a reset, which could arrive before the probe has seen that
/// it was connected. At most one connection is open at a time, the others wait in the kernel, so
/// that a flood of them costs one thread and no memory of this process.
class Canary {
 public:
  /// `address` is "HOST:PORT", the host an address, or ":PORT" for all of IPv4; fails when it
  /// cannot be listened on.
  static Result<std::unique_ptr<Canary>> Start(const std::string& address);
  virtual ~Canary() = default;
};

}  // namespace slipway::probe
