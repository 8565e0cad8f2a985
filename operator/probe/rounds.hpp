#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "controllers/common/probe_report.hpp"

namespace slipway::probe {

/// Two rounds that prove something are this far apart, from begin to begin: one lost packet, or a
/// rule that was there for an instant, is not enough.
inline constexpr std::chrono::milliseconds kApart{500};

struct RoundTimes {
  std::chrono::milliseconds timeout{60'000};
  /// How long all has to be as declared, without a round in between that says otherwise.
  std::chrono::milliseconds settle{0};
};

/// What one round has seen. Times are since the program's start.
struct Round {
  std::chrono::milliseconds began{0};  ///< When the connections were tried.
  std::chrono::milliseconds ended{0};
  std::vector<ProbeCheck> checks;
};

/// What a round says by itself. A refused target that was reached goes before all else.
ProbeReason Judge(const std::vector<ProbeCheck>& checks);

/// From rounds to a verdict. Has no clock and no network of its own.
class Rounds {
 public:
  explicit Rounds(RoundTimes times) : times_(times) {}

  /// Takes the next round; the verdict when it is the last one. After that there are no more.
  std::optional<ProbeReason> Take(const Round& round);
  /// When the next round is to begin, given the last one taken.
  std::chrono::milliseconds NextAt() const { return next_; }

 private:
  const RoundTimes times_;
  std::optional<std::chrono::milliseconds> good_since_;
  std::chrono::milliseconds next_{0};
};

}  // namespace slipway::probe
