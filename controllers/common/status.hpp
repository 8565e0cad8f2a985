#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "operator/base/clock.hpp"

namespace slipway {

/// `time` as a status can hold it. metav1.Time has whole seconds; without this a status read back
/// would differ from the one that was written, and be written again for ever.
inline Instant StatusTime(Instant time) { return std::chrono::floor<std::chrono::seconds>(time); }

/// Whether a recorded time lies so far ahead that it is of a clock that was set back since, or of
/// another machine's that is wrong. Nobody should wait for such a time to come.
inline bool IsAhead(Instant recorded, Instant now) {
  constexpr std::chrono::seconds kUsualSkew{10};
  return recorded > now + kUsualSkew;
}

/// The status to write, or nothing when the recorded one already says the same: a settled custom
/// resource costs no request.
template <class Status>
std::optional<nlohmann::json> StatusIfChanged(const std::optional<Status>& recorded,
                                              const Status& next) {
  if (recorded == next) return std::nullopt;
  return ToJson(next);
}

}  // namespace slipway
