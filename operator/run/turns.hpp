#pragma once

#include <chrono>
#include <string>
#include <unordered_map>

#include "operator/base/clock.hpp"
#include "operator/base/mutex.hpp"

namespace slipway {

/// Lets everybody have a turn once in a while. Thread-safe.
class Turns {
 public:
  Turns(const Clock& clock, std::chrono::seconds between) : clock_(clock), between_(between) {}

  /// How long `who` has still to wait, in whole seconds; zero when it is its turn.
  std::chrono::seconds WaitOf(const std::string& who);
  /// `who` has its turn now.
  void Take(const std::string& who);

 private:
  const Clock& clock_;
  const std::chrono::seconds between_;
  Mutex mutex_;
  std::unordered_map<std::string, SteadyInstant> taken_ SLIPWAY_GUARDED_BY(mutex_);
};

}  // namespace slipway
