#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <unordered_map>

#include "operator/kube/identity.hpp"

namespace slipway {

/// Exponential backoff per key with full jitter: the n-th failure in a row waits a random time
/// between half and all of min(first * 2^(n-1), limit). Not thread-safe.
class Backoff {
 public:
  using Duration = std::chrono::milliseconds;

  explicit Backoff(Duration first = std::chrono::milliseconds(100),
                   Duration limit = std::chrono::seconds(60), std::uint64_t seed = 1)
      : first_(first), limit_(limit), random_(seed) {}

  /// Counts one more failure of the key and gives the time to wait.
  Duration Next(const ObjectKey& key) {
    int& failures = failures_[key];
    const int doublings = std::min(failures, 20);
    failures = std::min(failures + 1, 1000);
    const auto ceiling = std::min<Duration>(limit_, first_ * (1LL << doublings));
    std::uniform_int_distribution<std::int64_t> jitter(ceiling.count() / 2, ceiling.count());
    return std::max(Duration(1), Duration(jitter(random_)));
  }

  /// The key succeeded: its next failure waits `first` again.
  void Forget(const ObjectKey& key) { failures_.erase(key); }

  std::size_t Size() const { return failures_.size(); }

 private:
  Duration first_;
  Duration limit_;
  std::mt19937_64 random_;
  std::unordered_map<ObjectKey, int, ObjectKeyHash> failures_;
};

}  // namespace slipway
