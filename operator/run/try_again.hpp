#pragma once

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "operator/kube/retry.hpp"
#include "operator/run/plan.hpp"

namespace slipway {

/// Whether the writes that failed are worth another pass, and how long that has to wait at least.
/// std::nullopt: only a change of the custom resource can help, and that comes as an event. A name
/// held by a foreign object is tried again: its removal is not watched, as it is not ours.
inline std::optional<std::chrono::milliseconds> TryAgain(
    const std::vector<WriteFailure>& failures) {
  std::optional<std::chrono::milliseconds> wait;
  for (const auto& failure : failures) {
    if (RetryFor(failure.error.code) == Retry::kNever) continue;
    wait = RetryDelay(failure.error, wait.value_or(std::chrono::milliseconds(0)));
  }
  return wait;
}

/// How long a resource is left alone that a plan wants to be looked at again at `wake_at`. Waits
/// are measured on the clock that stands still while the machine sleeps and does not move when the
/// other one is set, so a long one is cut: a pass that comes early finds nothing due.
inline std::chrono::milliseconds WaitUntil(Instant wake_at, Instant now) {
  constexpr std::chrono::milliseconds kShortest{100};
  constexpr std::chrono::minutes kLongest{10};
  return std::clamp<std::chrono::milliseconds>(wake_at - now, kShortest, kLongest);
}

/// Whether a failure is an answer, and not the want of one.
inline bool IsAnswer(const Error& error) {
  return error.code != Code::kUnavailable && error.code != Code::kTimeout;
}

}  // namespace slipway
