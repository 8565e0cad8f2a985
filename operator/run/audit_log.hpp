#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "operator/base/clock.hpp"
#include "operator/base/metrics.hpp"
#include "operator/base/mutex.hpp"
#include "operator/run/audit_record.hpp"

namespace slipway {

/// What is to become a record. Digests are computed when it is written, off the passes' threads.
struct AuditEntry {
  nlohmann::json record;              ///< All that is known already.
  std::optional<std::string> before;  ///< The object, as JSON.
  std::string before_version;         ///< Its resourceVersion, when that is all that is known.
  std::optional<std::string> after;   ///< The object as the server answered.
  std::string sent;                   ///< The body of the request.
};

/// Under which circumstances this process may write.
struct AuditOpening {
  std::string lease;      ///< Empty: without one.
  std::int64_t term = 0;  ///< The Lease's leaseTransitions.
  std::string follows;    ///< How far the log had come, by the Lease; empty when it does not say.
};

/// The records of this process, a chain: written by a thread of its own, in the order in which they
/// came, so that no pass ever waits for a disk. What cannot be written is counted, and the next
/// record that can be tells of it. Thread-safe.
class AuditLog {
 public:
  /// Appends a text; returns how many bytes were taken, and otherwise why not all.
  using Sink = std::function<std::size_t(std::string_view text, std::string& why)>;
  /// What waits to be written beyond this is lost, in bytes.
  static constexpr std::size_t kMaxWaiting = 8U << 20U;

  AuditLog(Sink sink, std::string chain, Metrics& metrics, const Clock& clock);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  /// The UID of the cluster that is written to, for the first record.
  void SetCluster(std::string uid);
  /// The first record. Does nothing when it has been written.
  void Open(const AuditOpening& opening);
  void Record(AuditEntry entry);
  /// The last record: none is taken after it. Waits as Flush does.
  void Close();
  /// Waits until all is written, but no longer than two seconds.
  void Flush();

  /// The last record that was written; std::nullopt before the first.
  std::optional<audit::Head> Head() const;

 private:
  void Push(AuditEntry entry) SLIPWAY_REQUIRES(mutex_);
  void Run(const std::stop_token& stop);
  /// With what was lost before it.
  void Put(AuditEntry entry);
  bool Append(nlohmann::json record);
  void Lose(std::uint64_t records, const std::string& why);

  const Sink sink_;
  const Counter written_;
  const Counter lost_counter_;
  const Clock& clock_;

  mutable Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<AuditEntry> waiting_ SLIPWAY_GUARDED_BY(mutex_);
  std::size_t waiting_bytes_ SLIPWAY_GUARDED_BY(mutex_) = 0;
  std::uint64_t dropped_ SLIPWAY_GUARDED_BY(mutex_) = 0;  ///< For want of room.
  bool busy_ SLIPWAY_GUARDED_BY(mutex_) = false;
  bool opened_ SLIPWAY_GUARDED_BY(mutex_) = false;
  bool closed_ SLIPWAY_GUARDED_BY(mutex_) = false;
  std::string cluster_ SLIPWAY_GUARDED_BY(mutex_);
  audit::Head head_ SLIPWAY_GUARDED_BY(mutex_);

  // The thread's alone.
  std::uint64_t lost_ = 0;
  std::string why_lost_;
  bool torn_ = false;  ///< The last line has no end.
  std::jthread thread_;
};

}  // namespace slipway
