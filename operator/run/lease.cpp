#include "operator/run/lease.hpp"

#include <algorithm>

#include "operator/run/audit_record.hpp"

namespace slipway {

using nlohmann::json;

Result<LeaseRecord> DecodeLease(const JsonView& object) {
  if (object["kind"].Text() != "Lease") return Fail(Code::kInternal, "the answer is no Lease");
  const JsonView spec = object["spec"];
  LeaseRecord lease;
  lease.resource_version.text = object["metadata"]["resourceVersion"].Text();
  lease.audit_head = object["metadata"]["annotations"][audit::kHeadAnnotation].Text();
  lease.holder = spec["holderIdentity"].Text();
  lease.transitions = spec["leaseTransitions"].IntOr(0);
  // A Lease edited by hand may say anything; a nonsensical duration must not hand it over at once.
  lease.duration = std::chrono::seconds(
      std::clamp<std::int64_t>(spec["leaseDurationSeconds"].IntOr(0), 1, 3600));
  lease.renew_time = spec["renewTime"].Text();
  lease.acquire_time = spec["acquireTime"].Text();
  return lease;
}

LeaseElection::Step LeaseElection::OnRead(const std::optional<LeaseRecord>& lease, Instant now,
                                          SteadyInstant steady) {
  if (!lease) {
    return {Step::Kind::kCreate, Spec(now, FormatMicroTime(now), 0), {}};
  }
  if (lease->resource_version.text != observed_version_) {
    observed_version_ = lease->resource_version.text;
    observed_since_ = steady;
  }
  if (lease->holder == identity_) {
    return {Step::Kind::kUpdate, Spec(now, lease->acquire_time, lease->transitions),
            lease->resource_version};
  }
  renewed_.reset();
  superseded_ = superseded_ || (has_led_ && !lease->holder.empty());
  const auto patience = std::max<std::chrono::milliseconds>(times_.duration, lease->duration);
  const bool abandoned = lease->holder.empty() || steady - observed_since_ >= patience;
  if (!abandoned) return {};
  return {Step::Kind::kUpdate, Spec(now, FormatMicroTime(now), lease->transitions + 1),
          lease->resource_version};
}

json LeaseElection::Spec(Instant now, const std::string& acquired, std::int64_t transitions) const {
  json spec = {{"holderIdentity", identity_},
               {"leaseDurationSeconds",
                std::chrono::duration_cast<std::chrono::seconds>(times_.duration).count()},
               {"renewTime", FormatMicroTime(now)},
               {"leaseTransitions", transitions}};
  if (!acquired.empty()) spec["acquireTime"] = acquired;
  return spec;
}

json LeaseElection::ReleaseSpec(const LeaseRecord& lease, Instant now) const {
  return {{"holderIdentity", ""},
          {"leaseDurationSeconds", 1},
          {"renewTime", FormatMicroTime(now)},
          {"leaseTransitions", lease.transitions}};
}

}  // namespace slipway
