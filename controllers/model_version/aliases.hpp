#pragma once

#include <vector>

#include "controllers/model_version/kind.hpp"
#include "operator/run/controller.hpp"

/// The aliases of a version. They follow from promotions alone: a ModelDeployment promotes the
/// version that it names when it is Ready with it, which its status.champion records in one write,
/// and the version keeps the promotion in its own status. Champion is who was promoted last, so
/// that neither the end of a deployment nor an older promotion seen late changes anything, and so
/// that all versions of a model come to the same answer by themselves.
namespace slipway::model_version {

/// Where a version looks: at the ModelDeployments whose champion is of its model, and at the
/// versions of its model that were ever promoted.
std::vector<Lookup> LookUpPromotions();

/// Brings status.promotion and status.aliases up to date.
void SetAliases(api::ModelVersionStatus& status, const ObjectKey& key,
                const api::ModelVersion& version, const Snapshot& world);

}  // namespace slipway::model_version
