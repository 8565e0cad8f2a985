#pragma once

#include <chrono>
#include <unordered_map>

#include "operator/base/clock.hpp"
#include "operator/base/mutex.hpp"
#include "operator/kube/identity.hpp"

namespace slipway {

/// Lets a burst of small status changes (pods becoming ready one after the other) become one
/// write: a change is held back until it has been pending for `delay`. Transitions are not asked
/// about here; they are written at once. Thread-safe.
class StatusPacer {
 public:
  explicit StatusPacer(std::chrono::milliseconds delay) : delay_(delay) {}

  /// How long the write of this key still has to wait; zero: now.
  std::chrono::milliseconds Remaining(const ObjectKey& key, SteadyInstant now) {
    const MutexLock lock(mutex_);
    const auto due = due_.try_emplace(key, now + delay_).first->second;
    if (now >= due) return {};
    return std::chrono::ceil<std::chrono::milliseconds>(due - now);
  }

  /// The status was written, or no write is needed any more.
  void Settled(const ObjectKey& key) {
    const MutexLock lock(mutex_);
    due_.erase(key);
  }

 private:
  const std::chrono::milliseconds delay_;
  Mutex mutex_;
  std::unordered_map<ObjectKey, SteadyInstant, ObjectKeyHash> due_ SLIPWAY_GUARDED_BY(mutex_);
};

}  // namespace slipway
