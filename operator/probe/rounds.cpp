#include "operator/probe/rounds.hpp"

#include <algorithm>

namespace slipway::probe {

ProbeReason Judge(const std::vector<ProbeCheck>& checks) {
  const auto reached = [](const ProbeCheck& check) {
    return !check.reachable && check.seen == ProbeSeen::kConnected;
  };
  if (std::ranges::any_of(checks, reached)) return ProbeReason::kIsolationUnenforced;
  // Without one of each kind nothing was compared.
  const bool both = std::ranges::any_of(checks, &ProbeCheck::reachable) &&
                    !std::ranges::all_of(checks, &ProbeCheck::reachable);
  return both && std::ranges::all_of(checks, AsDeclared) ? ProbeReason::kEnforced
                                                         : ProbeReason::kNothingProven;
}

std::optional<ProbeReason> Rounds::Take(const Round& round) {
  const ProbeReason reason = Judge(round.checks);
  if (reason != ProbeReason::kEnforced) {
    good_since_.reset();
  } else if (!good_since_) {
    good_since_ = round.began;
  } else if (round.began - *good_since_ >= std::max(kApart, times_.settle)) {
    return ProbeReason::kEnforced;
  }
  next_ = std::max(round.began + kApart, round.ended);
  if (next_ < times_.timeout) return std::nullopt;
  // As declared, but for too short a time: that proves nothing.
  return reason == ProbeReason::kEnforced ? ProbeReason::kNothingProven : reason;
}

}  // namespace slipway::probe
