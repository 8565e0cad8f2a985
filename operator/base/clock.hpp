#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace slipway {

/// A point of wall-clock time, as Kubernetes writes it (UTC). Millisecond steps.
using Instant = std::chrono::sys_time<std::chrono::milliseconds>;
/// A point on the clock that never jumps; every time-out and lease is measured on it.
using SteadyInstant = std::chrono::steady_clock::time_point;

/// The only source of time, so that tests can move it.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant Now() const = 0;
  virtual SteadyInstant Steady() const = 0;
};

/// The machine's clocks. Thread-safe.
class SystemClock final : public Clock {
 public:
  Instant Now() const override;
  SteadyInstant Steady() const override { return std::chrono::steady_clock::now(); }
};

/// RFC 3339 with seconds ("2026-09-01T12:00:00Z"), the format of metav1.Time.
std::string FormatTime(Instant time);
/// RFC 3339 with microseconds, the format of metav1.MicroTime (Lease, Event).
std::string FormatMicroTime(Instant time);
/// Parses either format; std::nullopt when the text is not a UTC RFC 3339 time.
std::optional<Instant> ParseTime(std::string_view text);

}  // namespace slipway
