#pragma once

#include <optional>
#include <vector>

#include "crds/generated/types.hpp"
#include "operator/run/plan.hpp"

namespace slipway::model_version {

/// The whole status, with the model card. Ready means that the record can be relied on: without a
/// digest nobody can tell whether the model is still the one that was recorded, and as a record
/// never changes, only another version can help, which is what Stalled says.
api::ModelVersionStatus MakeStatus(const api::ModelVersion& version, Instant now);

std::vector<EmitEvent> MakeEvents(const std::optional<api::ModelVersionStatus>& before,
                                  const api::ModelVersionStatus& after);

}  // namespace slipway::model_version
