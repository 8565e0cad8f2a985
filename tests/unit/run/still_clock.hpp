#pragma once

#include <chrono>

#include "operator/base/clock.hpp"

namespace slipway {

/// Stands still until a test moves it on.
class StillClock final : public Clock {
 public:
  Instant Now() const override { return *ParseTime("2026-09-01T12:00:00Z"); }
  SteadyInstant Steady() const override { return SteadyInstant{} + passed; }
  std::chrono::milliseconds passed{1000000};
};

}  // namespace slipway
