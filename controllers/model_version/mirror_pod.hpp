#pragma once

#include <string>
#include <vector>

#include "controllers/common/settings.hpp"
#include "controllers/model_version/mirror.hpp"
#include "operator/run/plan.hpp"

namespace slipway::model_version {

/// The pod of an attempt: `slipway mirror-model` in the operator's own image, with the record as
/// argument and the credentials from the Secret, which need not be there. It ends by itself.
Create MakeMirrorPod(const ObjectKey& key, const api::ModelVersion& version,
                     const std::vector<std::string>& aliases, const Mirroring& mirroring,
                     const Settings& settings);

}  // namespace slipway::model_version
