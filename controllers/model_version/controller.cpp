#include "controllers/model_version/controller.hpp"

#include "controllers/common/status.hpp"
#include "controllers/model_version/aliases.hpp"
#include "controllers/model_version/kind.hpp"
#include "controllers/model_version/status.hpp"

namespace slipway {
namespace model_version {
namespace {

/// A record has no children: there is nothing to do but to say what it is worth.
Outcome Reconcile(const ReconcileInput& input) {
  const api::ModelVersion* version = input.world.Find(kModelVersions, input.key);
  if (version == nullptr || version->meta.deleted) return {};

  auto status = MakeStatus(*version, input.now);
  SetAliases(status, input.key, *version, input.world);
  Plan plan;
  plan.events = MakeEvents(version->status, status);
  return {std::move(plan), StatusIfChanged(version->status, status)};
}

}  // namespace
}  // namespace model_version

Controller MakeModelVersionController(const Settings& /*settings*/) {
  return {"model-version",
          model_version::kModelVersions,
          {},
          model_version::Reconcile,
          model_version::LookUpPromotions()};
}

}  // namespace slipway
