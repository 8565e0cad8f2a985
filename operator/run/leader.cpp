#include "operator/run/leader.hpp"

#include <condition_variable>

#include "operator/base/log.hpp"
#include "operator/run/write.hpp"

namespace slipway {
namespace {

nlohmann::json LeaseBody(const ObjectKey& key, const nlohmann::json& spec,
                         const ResourceVersion& version, const std::string& head) {
  nlohmann::json meta = {{"name", key.name}, {"namespace", key.ns}};
  if (!version.Empty()) meta["resourceVersion"] = version.text;
  if (!head.empty()) meta["annotations"] = {{audit::kHeadAnnotation, head}};
  return {{"apiVersion", kLeaseType.ApiVersion()},
          {"kind", kLeaseType.kind},
          {"metadata", meta},
          {"spec", spec}};
}

}  // namespace

Leader::Leader(Client& client, ObjectKey lease, LeaseElection election, LeaseTimes times,
               Metrics& metrics, const Clock& clock, AuditLog* audit)
    : client_(client),
      lease_(std::move(lease)),
      times_(times),
      gauge_(metrics.Leader()),
      clock_(clock),
      audit_(audit),
      election_(std::move(election)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

std::chrono::milliseconds Leader::LeadsFor() const {
  const MutexLock lock(mutex_);
  return election_.LeadsFor(clock_.Steady());
}

bool Leader::Superseded() const {
  const MutexLock lock(mutex_);
  return election_.Superseded();
}

void Leader::Run(const std::stop_token& stop) {
  Mutex sleep_mutex;
  std::condition_variable_any sleep;
  bool led = false;
  while (!stop.stop_requested()) {
    const SteadyInstant started = clock_.Steady();
    Outcome outcome = Round();
    // Somebody else touched it, which need not be another holder: only reading it again tells.
    // Once: what refuses every write must not be asked without end.
    if (outcome == Outcome::kConflict) outcome = Round();
    const bool leads = LeadsFor().count() > 0;
    gauge_.Set(leads ? 1 : 0);
    if (leads && !led) log::Info("this replica leads", {{"lease", lease_.ToString()}});
    if (led && !leads) log::Warn("the lease ran out; writes wait", {{"lease", lease_.ToString()}});
    led = leads;
    const bool stands_by = !leads && outcome == Outcome::kDone;
    const MutexLock lock(sleep_mutex);
    sleep.wait_until(sleep_mutex, stop,
                     started + (stands_by ? times_.look_period : times_.retry_period),
                     [] { return false; });
  }
}

Leader::Outcome Leader::Round() {
  auto lease = Read();
  if (!lease) {
    log::Warn("lease not read", {{"error", lease.error().message}});
    return Outcome::kFailed;  // A held lease stays valid until its deadline, see LeadsFor().
  }
  LeaseElection::Step step;
  {
    const MutexLock lock(mutex_);
    step = election_.OnRead(*lease, clock_.Now(), clock_.Steady());
  }
  if (step.kind == LeaseElection::Step::Kind::kWait) return Outcome::kDone;
  const SteadyInstant sent = clock_.Steady();
  const std::string found = *lease ? (*lease)->audit_head : "";
  const auto written = Write(step, found);
  if (written) {
    // Before this process is known to lead: the first record comes before all others.
    if (audit_ != nullptr) {
      audit_->Open({lease_.ToString(), step.spec["leaseTransitions"].get<std::int64_t>(), found});
    }
    const MutexLock lock(mutex_);
    election_.OnWritten(sent);
    return Outcome::kDone;
  }
  log::Warn("lease not written", {{"error", written.error().message}});
  return written.error().code == Code::kConflict ? Outcome::kConflict : Outcome::kFailed;
}

Result<std::optional<LeaseRecord>> Leader::Read() {
  auto response = client_.Send(request::Get(kLeaseType, lease_), Deadline());
  if (!response) {
    if (response.error().code == Code::kNotFound) return std::optional<LeaseRecord>{};
    return tl::unexpected(response.error());
  }
  JsonParser parser;
  auto object = parser.Parse(response->body);
  if (!object) return tl::unexpected(object.error());
  auto lease = DecodeLease(*object);
  if (!lease) return tl::unexpected(lease.error());
  return std::optional<LeaseRecord>(std::move(*lease));
}

Result<void> Leader::Write(const LeaseElection::Step& step, const std::string& head) {
  const auto own = audit_ == nullptr ? std::nullopt : audit_->Head();
  const auto body =
      LeaseBody(lease_, step.spec, step.resource_version, own ? audit::ToString(*own) : head)
          .dump();
  const bool create = step.kind == LeaseElection::Step::Kind::kCreate;
  auto response = client_.Send(create ? request::Create(kLeaseType, lease_, body, kFieldManager)
                                      : request::Replace(kLeaseType, lease_, body, kFieldManager),
                               Deadline());
  if (!response) return tl::unexpected(response.error());
  return {};
}

void Leader::Release() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (LeadsFor().count() <= 0) return;
  const auto lease = Read();
  const MutexLock lock(mutex_);  // Nobody waits for it any more.
  if (!lease || !*lease || (*lease)->holder != election_.Identity()) return;
  const LeaseElection::Step step{LeaseElection::Step::Kind::kUpdate,
                                 election_.ReleaseSpec(**lease, clock_.Now()),
                                 (*lease)->resource_version};
  if (Write(step, (*lease)->audit_head))
    log::Info("lease released", {{"lease", lease_.ToString()}});
  election_.OnReleased();
}

}  // namespace slipway
