#pragma once

#include <functional>
#include <map>
#include <vector>

#include "operator/base/metrics.hpp"
#include "operator/kube/client.hpp"
#include "operator/run/audit_trail.hpp"
#include "operator/run/write.hpp"
#include "operator/run/write_barrier.hpp"

namespace slipway {

/// The API clients of all clusters this process serves.
using Clients = std::map<ClusterId, Client*>;

/// Carries out the actions of a plan. Independent writes are in flight together; each is guarded
/// as described at Write. Thread-safe.
class Executor {
 public:
  /// `may_write_for` is asked before each round of requests: so long this process may still write,
  /// and no request outlasts it. Zero ends the plan there (leadership is lost), with a retryable
  /// failure for each action left.
  ///
  /// Each write that was sent becomes a record of `audit`, unless that is null.
  Executor(Clients clients, WriteBarrier& barrier, Metrics& metrics, const Clock& clock,
           std::function<std::chrono::milliseconds()> may_write_for, AuditLog* audit = nullptr)
      : clients_(std::move(clients)),
        barrier_(barrier),
        metrics_(metrics),
        clock_(clock),
        may_write_for_(std::move(may_write_for)),
        audit_(audit) {}

  /// Returns the actions that failed, in the order of the plan.
  std::vector<WriteFailure> Execute(const Owner& owner, const std::vector<Action>& actions,
                                    const Snapshot& world);

  /// Replaces the status of the custom resource, provided it is still at the owner's version.
  Result<void> WriteStatus(const Owner& owner, const nlohmann::json& status);

 private:
  /// Reads the owner itself; an error when it is gone, being deleted or at another version than the
  /// plan was made for. Asked once before a plan that writes anything: what is made for an owner
  /// that is gone is made in vain, and the status is all that a planner remembers, so a plan on an
  /// old one may do again what was done.
  Result<void> ConfirmOwner(const Owner& owner, AuditTrail& trail);
  /// All at once; returns those that failed.
  std::vector<WriteFailure> Carry(const Owner& owner, const std::vector<Action>& actions,
                                  const Snapshot& world);
  void Advance(const Owner& owner, std::vector<Write>& writes, AuditTrail& trail);
  void Report(const Owner& owner, const Write& write);

  Clients clients_;
  WriteBarrier& barrier_;
  Metrics& metrics_;
  const Clock& clock_;
  std::function<std::chrono::milliseconds()> may_write_for_;
  AuditLog* audit_;
};

}  // namespace slipway
