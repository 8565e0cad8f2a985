#pragma once

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "operator/base/clock.hpp"
#include "operator/kube/identity.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway {

/// Times of the election, as in client-go's leader election: a leader that could not renew for
/// `renew_deadline` stops writing; a candidate takes over once the lease has not moved for
/// `duration`, both on the steady clock of the observer, so that clock skew does not matter.
struct LeaseTimes {
  std::chrono::milliseconds duration = std::chrono::seconds(7);
  std::chrono::milliseconds renew_deadline = std::chrono::seconds(5);
  std::chrono::milliseconds retry_period = std::chrono::seconds(2);
  /// How often who stands by looks: a lease that was given up is to be taken at once.
  std::chrono::milliseconds look_period{500};
};

/// A coordination.k8s.io/v1 Lease.
struct LeaseRecord {
  ResourceVersion resource_version;
  std::string holder;
  std::int64_t transitions = 0;
  std::chrono::seconds duration{0};
  std::string renew_time;
  std::string acquire_time;
  std::string audit_head;  ///< The annotation audit::kHeadAnnotation, or empty.
};
Result<LeaseRecord> DecodeLease(const JsonView& object);

/// The decisions of leader election, without network or threads: it is told what was read and
/// answers with what to write.
class LeaseElection {
 public:
  LeaseElection(std::string identity, LeaseTimes times)
      : identity_(std::move(identity)), times_(times) {}

  struct Step {
    enum class Kind { kCreate, kUpdate, kWait } kind = Kind::kWait;
    nlohmann::json spec;               ///< For kCreate and kUpdate.
    ResourceVersion resource_version;  ///< Precondition of kUpdate.
  };

  /// What to do after the Lease was read (std::nullopt: there is none).
  Step OnRead(const std::optional<LeaseRecord>& lease, Instant now, SteadyInstant steady);
  /// The write of the last Step succeeded. `sent` is when its request was sent: the promise to
  /// the others runs from then, not from when the answer came.
  void OnWritten(SteadyInstant sent) {
    renewed_ = sent;
    has_led_ = true;
  }
  /// The lease was given up.
  void OnReleased() { renewed_.reset(); }

  /// How long writes are still allowed; zero when this process does not lead.
  std::chrono::milliseconds LeadsFor(SteadyInstant steady) const {
    if (!renewed_) return {};
    const auto left = *renewed_ + times_.renew_deadline - steady;
    return std::max(std::chrono::floor<std::chrono::milliseconds>(left),
                    std::chrono::milliseconds(0));
  }
  bool Leads(SteadyInstant steady) const { return LeadsFor(steady).count() > 0; }
  /// True once another holder was seen after this process had led.
  bool Superseded() const { return superseded_; }

  /// The spec that gives the lease up, so that a standby need not wait for it to run out.
  nlohmann::json ReleaseSpec(const LeaseRecord& lease, Instant now) const;
  const std::string& Identity() const { return identity_; }

 private:
  nlohmann::json Spec(Instant now, const std::string& acquired, std::int64_t transitions) const;

  std::string identity_;
  LeaseTimes times_;
  std::optional<SteadyInstant> renewed_;
  bool has_led_ = false;
  bool superseded_ = false;
  /// The last state seen of the lease and since when it has not moved.
  std::string observed_version_;
  SteadyInstant observed_since_{};
};

}  // namespace slipway
