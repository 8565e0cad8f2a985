#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "operator/base/metrics.hpp"
#include "operator/base/mutex.hpp"
#include "operator/kube/client.hpp"
#include "operator/run/lease.hpp"

namespace slipway {

/// Holds the Lease from a thread with a client of its own, so that no list, write or slow answer
/// of the rest of the process can cost the leadership. What is safe does not hang on it: names
/// and preconditions keep two writers from doing harm; the Lease keeps them from doing work twice.
class Leader {
 public:
  /// `on_lost` is called once, from the election's thread, when a held lease could not be kept.
  Leader(Client& client, ObjectKey lease, LeaseElection election, LeaseTimes times,
         Metrics& metrics, const Clock& clock, std::function<void()> on_lost);

  /// True while this process may write.
  bool Leads() const;
  /// Stops renewing and gives the lease up, if it is held.
  void Release();

 private:
  void Run(const std::stop_token& stop);
  void Round();
  Result<std::optional<LeaseRecord>> Read();
  Result<void> Write(const LeaseElection::Step& step);

  Client& client_;
  const ObjectKey lease_;
  const LeaseTimes times_;
  Gauge gauge_;
  const Clock& clock_;
  std::function<void()> on_lost_;
  mutable Mutex mutex_;
  LeaseElection election_ SLIPWAY_GUARDED_BY(mutex_);
  bool led_ = false;  // used by the thread only
  std::jthread thread_;
};

inline constexpr ResourceType kLeaseType{"coordination.k8s.io", "v1", "Lease", "leases"};

}  // namespace slipway
