#pragma once

#include <string_view>

namespace slipway {

/// Annotations by which a TrainingTrigger tells a job what it was started for, and which commit or
/// state of the data that was; the job hands them to its program as SLIPWAY_TRIGGER_CAUSE and
/// SLIPWAY_TRIGGER_REVISION. Without the second its program is told nothing.
inline constexpr std::string_view kTriggerCause = "slipway.dev/trigger-cause";
inline constexpr std::string_view kTriggerRevision = "slipway.dev/trigger-revision";

}  // namespace slipway
