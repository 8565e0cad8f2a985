#include "operator/run/audit_log.hpp"

#include <csignal>

#include "operator/base/digest.hpp"
#include "operator/base/log.hpp"

namespace slipway {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kPatience{2};
constexpr const char* kNoRoom = "they came faster than they could be written";

std::size_t SizeOf(const AuditEntry& entry) {
  constexpr std::size_t kRecord = 1024;
  return kRecord + entry.before.value_or("").size() + entry.after.value_or("").size() +
         entry.sent.size();
}

/// A state of an object as a record has it.
json Describe(const audit::ObjectState& state) {
  return {{"resourceVersion", state.resource_version}, {"sha256", state.sha256}};
}

/// The record with all that is computed from texts.
json Complete(AuditEntry entry) {
  json record = std::move(entry.record);
  if (entry.before) {
    if (const auto state = audit::StateOf(*entry.before)) record["before"] = Describe(*state);
  } else if (!entry.before_version.empty()) {
    record["before"] = {{"resourceVersion", entry.before_version}};
  }
  if (entry.after) {
    if (const auto state = audit::StateOf(*entry.after)) {
      record["after"] = Describe(*state);
      if (!state->uid.empty()) record["object"]["uid"] = state->uid;
    }
  }
  if (!entry.sent.empty()) record["sent"] = PlainSha256Hex(entry.sent);
  return record;
}

}  // namespace

AuditLog::AuditLog(Sink sink, std::string chain, Metrics& metrics, const Clock& clock)
    : sink_(std::move(sink)),
      written_(metrics.AuditRecords("written")),
      lost_counter_(metrics.AuditRecords("lost")),
      clock_(clock),
      head_{std::move(chain), 0, ""},
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

AuditLog::~AuditLog() = default;

void AuditLog::SetCluster(std::string uid) {
  const MutexLock lock(mutex_);
  cluster_ = std::move(uid);
}

void AuditLog::Open(const AuditOpening& opening) {
  const MutexLock lock(mutex_);
  if (opened_) return;
  opened_ = true;
  Push({{{"action", "Opened"},
         {"time", FormatMicroTime(clock_.Now())},
         {"version", SLIPWAY_VERSION},
         {"cluster", cluster_},
         {"lease", opening.lease},
         {"term", opening.term},
         {"follows", opening.follows}},
        {},
        {},
        {},
        {}});
}

void AuditLog::Record(AuditEntry entry) {
  const MutexLock lock(mutex_);
  entry.record["time"] = FormatMicroTime(clock_.Now());
  Push(std::move(entry));
}

void AuditLog::Push(AuditEntry entry) {
  const std::size_t size = SizeOf(entry);
  if (closed_ || waiting_bytes_ + size > kMaxWaiting) {
    ++dropped_;
  } else {
    waiting_bytes_ += size;
    waiting_.push_back(std::move(entry));
  }
  changed_.notify_all();
}

void AuditLog::Close() {
  {
    const MutexLock lock(mutex_);
    if (opened_ && !closed_) {
      Push({{{"action", "Closed"}, {"time", FormatMicroTime(clock_.Now())}}, {}, {}, {}, {}});
    }
    closed_ = true;
  }
  Flush();
}

void AuditLog::Flush() {
  const MutexLock lock(mutex_);
  changed_.wait_for(mutex_, kPatience,
                    [this]() SLIPWAY_REQUIRES(mutex_) { return waiting_.empty() && !busy_; });
}

std::optional<audit::Head> AuditLog::Head() const {
  const MutexLock lock(mutex_);
  return head_.seq == 0 ? std::nullopt : std::optional(head_);
}

void AuditLog::Run(const std::stop_token& stop) {
  // A reader of stdout that is gone is an error of that write, and ends nothing.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  for (;;) {
    AuditEntry next;
    std::uint64_t dropped = 0;
    {
      const MutexLock lock(mutex_);
      busy_ = false;
      changed_.notify_all();
      changed_.wait(mutex_, stop, [this]() SLIPWAY_REQUIRES(mutex_) { return !waiting_.empty(); });
      if (waiting_.empty()) return;
      busy_ = true;
      next = std::move(waiting_.front());
      waiting_.pop_front();
      waiting_bytes_ -= SizeOf(next);
      std::swap(dropped, dropped_);
    }
    if (dropped > 0) Lose(dropped, kNoRoom);
    Put(std::move(next));
  }
}

void AuditLog::Put(AuditEntry entry) {
  if (lost_ > 0) {
    if (!Append({{"action", "Lost"},
                 {"time", FormatMicroTime(clock_.Now())},
                 {"lost", lost_},
                 {"why", why_lost_}})) {
      return Lose(1, why_lost_);
    }
    log::Info("audit records are written again", {{"lost", static_cast<std::int64_t>(lost_)}});
    lost_ = 0;
  }
  if (!Append(Complete(std::move(entry)))) Lose(1, why_lost_);
}

bool AuditLog::Append(json record) {
  audit::Head next;
  {
    const MutexLock lock(mutex_);
    next = head_;
  }
  const std::string text = (torn_ ? "\n" : "") + audit::Seal(std::move(record), next) + "\n";
  std::string why;
  const std::size_t taken = sink_(text, why);
  // Without its newline alone the record is there.
  const bool whole = taken + 1 >= text.size();
  if (taken > 0) torn_ = taken < text.size();
  if (!whole) {
    why_lost_ = why;
    return false;
  }
  written_.Increment();
  const MutexLock lock(mutex_);
  head_ = std::move(next);
  return true;
}

void AuditLog::Lose(std::uint64_t records, const std::string& why) {
  if (lost_ == 0) {
    log::Error("audit records cannot be written; what was lost will be recorded", {{"error", why}});
  }
  lost_ += records;
  why_lost_ = why;
  for (std::uint64_t i = 0; i < records; ++i) lost_counter_.Increment();
}

}  // namespace slipway
