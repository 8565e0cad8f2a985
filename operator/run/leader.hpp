#pragma once

#include <thread>

#include "operator/base/metrics.hpp"
#include "operator/base/mutex.hpp"
#include "operator/kube/client.hpp"
#include "operator/run/audit_log.hpp"
#include "operator/run/lease.hpp"

namespace slipway {

/// Holds the Lease from a thread with a client of its own, so that no list, write or slow answer
/// of the rest of the process can cost the leadership. What is safe does not hang on it: names
/// and preconditions keep two writers from doing harm; the Lease keeps them from doing work twice.
///
/// With each renewal the Lease says how far the audit log has come. One who has none leaves there
/// what is there, so that the next one can go on from it.
class Leader {
 public:
  Leader(Client& client, ObjectKey lease, LeaseElection election, LeaseTimes times,
         Metrics& metrics, const Clock& clock, AuditLog* audit = nullptr);

  /// How long this process may still write; zero when it does not lead.
  std::chrono::milliseconds LeadsFor() const;
  /// True once another replica was seen to lead after this one did. A lease that merely ran out,
  /// while the API server was away, is taken again.
  bool Superseded() const;
  /// Stops renewing and gives the lease up, if it is held.
  void Release();

 private:
  void Run(const std::stop_token& stop);
  enum class Outcome { kDone, kConflict, kFailed };
  /// Reads the Lease and writes it if that is due.
  Outcome Round();
  Result<std::optional<LeaseRecord>> Read();
  /// `head` is what the Lease says of the audit log, unless this process knows better.
  Result<void> Write(const LeaseElection::Step& step, const std::string& head);
  /// Of one request: a connection that has gone dead must not cost the whole time to renew.
  std::chrono::milliseconds Deadline() const { return times_.renew_deadline / 3; }

  Client& client_;
  const ObjectKey lease_;
  const LeaseTimes times_;
  Gauge gauge_;
  const Clock& clock_;
  AuditLog* const audit_;
  mutable Mutex mutex_;
  LeaseElection election_ SLIPWAY_GUARDED_BY(mutex_);
  std::jthread thread_;
};

inline constexpr ResourceType kLeaseType{"coordination.k8s.io", "v1", "Lease", "leases"};

}  // namespace slipway
