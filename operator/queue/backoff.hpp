#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <unordered_map>

#include "operator/kube/identity.hpp"

namespace slipway {

/// Exponential backoff per key with full jitter: the n-th failure in a row waits a random time
/// between half and all of min(first * 2^(n-1), limit). Failures to reach the server do not count
/// once it is reached: how long it was away says nothing about what it answers. Nor is it kept
/// waiting for once it is back: without it nothing is waited for longer than kLongestUnreached.
/// Not thread-safe.
class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  /// Few enough tries to be borne by a server that starts, since workers make them one by one.
  static constexpr Duration kLongestUnreached = std::chrono::seconds(4);

  explicit Backoff(Duration first = std::chrono::milliseconds(100),
                   Duration limit = std::chrono::seconds(60), std::uint64_t seed = 1)
      : first_(first), limit_(limit), random_(seed) {}

  /// Counts one more failure of the key and gives the time to wait.
  Duration Next(const ObjectKey& key, bool reached = true) {
    Streak& streak = failures_[key];
    if (reached && !streak.reached) streak.failures = 0;
    streak.reached = reached;
    const int doublings = std::min(streak.failures, 20);
    streak.failures = std::min(streak.failures + 1, 1000);
    const auto longest = reached ? limit_ : std::min(limit_, kLongestUnreached);
    const auto ceiling = std::min<Duration>(longest, first_ * (1LL << doublings));
    std::uniform_int_distribution<std::int64_t> jitter(ceiling.count() / 2, ceiling.count());
    return std::max(Duration(1), Duration(jitter(random_)));
  }

  /// The key succeeded: its next failure waits `first` again.
  void Forget(const ObjectKey& key) { failures_.erase(key); }

  std::size_t Size() const { return failures_.size(); }

 private:
  struct Streak {
    int failures = 0;
    bool reached = true;
  };

  Duration first_;
  Duration limit_;
  std::mt19937_64 random_;
  std::unordered_map<ObjectKey, Streak, ObjectKeyHash> failures_;
};

}  // namespace slipway
