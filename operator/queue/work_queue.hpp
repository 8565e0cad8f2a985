#pragma once

#include <chrono>
#include <condition_variable>
#include <optional>
#include <stop_token>

#include "operator/base/mutex.hpp"
#include "operator/queue/backoff.hpp"
#include "operator/queue/queue_core.hpp"

namespace slipway {

/// QueueCore for many threads, with blocking Take and per-key backoff. Thread-safe.
class WorkQueue {
 public:
  /// For that many threads that call Take.
  WorkQueue(const Clock& clock, std::size_t workers, std::uint64_t seed)
      : clock_(clock),
        core_(workers),
        backoff_(std::chrono::milliseconds(100), std::chrono::seconds(60), seed) {}

  void Add(const ObjectKey& key, Priority priority = Priority::kLive);
  void AddAfter(const ObjectKey& key, std::chrono::milliseconds delay);
  /// Looks at the key again after its next backoff delay, or `at_least`, which is what the server
  /// asked for, if that is longer. An event brings it back sooner unless the server asked; not
  /// `reached` when there was no server to answer. To be called before the key's Done.
  void AddBackedOff(const ObjectKey& key, std::chrono::milliseconds at_least = {},
                    bool reached = true);
  /// The key succeeded: its backoff starts anew.
  void Forget(const ObjectKey& key);

  /// Blocks until a key is ready; std::nullopt once `stop` is requested. Pair each with one Done.
  std::optional<QueueCore::Item> Take(const std::stop_token& stop);
  void Done(const ObjectKey& key);

  std::size_t Waiting() const;
  std::size_t Working() const;

 private:
  const Clock& clock_;
  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  QueueCore core_ SLIPWAY_GUARDED_BY(mutex_);
  Backoff backoff_ SLIPWAY_GUARDED_BY(mutex_);
  /// Tells a sleeping Take that something is new.
  std::uint64_t changes_ SLIPWAY_GUARDED_BY(mutex_) = 0;
};

}  // namespace slipway
