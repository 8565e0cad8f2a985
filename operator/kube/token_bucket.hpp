#pragma once

#include <algorithm>
#include <chrono>

#include "operator/base/clock.hpp"

namespace slipway {

/// A limit on how often something may happen, with room for bursts. Not thread-safe.
/// Source: the token bucket of RFC 2697, section 3, with one rate and tokens taken in advance.
class TokenBucket {
 public:
  /// `burst` at once, `per_second` in the long run; both above zero.
  TokenBucket(double per_second, double burst)
      : per_second_(per_second), burst_(burst), tokens_(burst) {}

  /// Takes `count` tokens, which may be more than there are, and returns how long the caller has to
  /// wait for them. Those who come later wait behind it.
  std::chrono::milliseconds Take(double count, SteadyInstant now) {
    if (!used_) last_ = now;
    used_ = true;
    const std::chrono::duration<double> passed = std::max(now, last_) - last_;
    last_ = std::max(now, last_);
    tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_) - count;
    const std::chrono::duration<double> debt(std::max(0.0, -tokens_) / per_second_);
    return std::chrono::ceil<std::chrono::milliseconds>(debt);
  }

 private:
  const double per_second_;
  const double burst_;
  double tokens_;
  bool used_ = false;
  SteadyInstant last_{};
};

}  // namespace slipway
