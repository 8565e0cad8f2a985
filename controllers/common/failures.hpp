#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/generated/types.hpp"
#include "operator/run/plan.hpp"

namespace slipway {

/// What keeps a custom resource from being served, in the words that its status shows.
struct Problem {
  std::string reason;  ///< CamelCase constant.
  std::string message;
  /// True when only a change by the user can help: the condition `Stalled`.
  bool stalled = false;
  bool operator==(const Problem&) const = default;
};

/// Turns the failed writes of a pass into the one problem worth showing: the first that stalls,
/// else the first. `invalid_reason` names what of the custom resource the API server refuses when
/// it refuses a child, e.g. "InvalidPodTemplate". Failures that pass by themselves and that
/// another pass will simply repeat (conflict, throttling, no connection) give a problem too, so
/// that a long outage shows; nullopt only when there are no failures.
std::optional<Problem> ExplainFailures(const std::vector<WriteFailure>& failures,
                                       std::string_view invalid_reason);

/// The Event of a resource that now waits for writes that the API server does not carry out;
/// nullopt when it does not, or was said to wait for the same reason before. What the API server
/// refuses for good has an Event of its own, Stalled.
std::optional<EmitEvent> BarredEvent(const std::vector<api::Condition>& before,
                                     const std::vector<api::Condition>& after);

}  // namespace slipway
