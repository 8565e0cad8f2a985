#include "controllers/model_version/controller.hpp"

#include "controllers/common/status.hpp"
#include "controllers/model_version/aliases.hpp"
#include "controllers/model_version/kind.hpp"
#include "controllers/model_version/mirror.hpp"
#include "controllers/model_version/status.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace model_version {
namespace {

/// A record has nothing to be carried out but its copy: the rest is to say what it is worth.
Outcome Reconcile(const ReconcileInput& input, const Settings& settings) {
  const api::ModelVersion* version = input.world.Find(kModelVersions, input.key);
  // Once it is being deleted, garbage collection takes a pod with it.
  if (version == nullptr || version->meta.deleted) return {};

  auto status = MakeStatus(*version, input.now);
  SetAliases(status, input.key, *version, input.world);
  const Mirroring mirroring =
      ObserveMirroring(input.key, *version, status, input.world, settings, input.now);
  Plan plan;
  PlanMirroring(plan, input.key, *version, status, mirroring, settings, input.now);
  SetMirrored(status, *version, mirroring, input.failures, settings, input.now);
  plan.events = MakeEvents(version->status, status);
  return {std::move(plan), StatusIfChanged(version->status, status)};
}

}  // namespace
}  // namespace model_version

Controller MakeModelVersionController(const Settings& settings) {
  return {
      "model-version",
      model_version::kModelVersions,
      {kPods},
      [settings](const ReconcileInput& input) { return model_version::Reconcile(input, settings); },
      model_version::LookUpPromotions()};
}

}  // namespace slipway
