#include "controllers/model_deployment/promotion.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/common/names.hpp"
#include "controllers/common/status.hpp"
#include "controllers/model_version/kind.hpp"

namespace slipway::model_deployment {
namespace {

using model_version::kModelVersions;
using model_version::ModelIn;

bool Exists(const ObjectKey& key, const std::string& version, const Snapshot& world) {
  const Object* found = world.FindObject(kModelVersions.type, ChildKey(key, version));
  return found != nullptr && !found->meta.deleted;
}

/// Later than the promotion before, also within one second and when the clock was set back: the
/// versions tell by the time which one came last.
Instant Since(const std::optional<api::Champion>& before, const std::string& version, Instant now) {
  if (!before) return StatusTime(now);
  if (before->model_version == version) return before->since;
  return std::max(StatusTime(now), before->since + std::chrono::seconds(1));
}

void SetCondition(ConditionWriter& conditions, const api::ModelDeploymentStatus& status,
                  const std::string& variant, const std::string& version, bool exists) {
  const bool promoted = status.champion && status.champion->variant == variant &&
                        status.champion->model_version == version;
  if (!exists) {
    return conditions.Set(
        condition::kPromoted, false, reason::kModelVersionNotFound,
        fmt::format("modelVersionRef of variant {} names {}, but there is no such ModelVersion in "
                    "the namespace; correct the name, or remove modelVersionRef",
                    variant, version));
  }
  if (promoted) {
    return conditions.Set(condition::kPromoted, true, reason::kPromoted,
                          fmt::format("ModelVersion {} was promoted to champion of model {}",
                                      version, ModelIn(version)));
  }
  conditions.Set(condition::kPromoted, false, reason::kNotServingYet,
                 fmt::format("ModelVersion {} becomes champion of model {} once variant {} gets "
                             "the requests and is Ready",
                             version, ModelIn(version), variant));
}

}  // namespace

Lookup LookUpModelVersions() {
  const auto looked_up = [](const Object& object) {
    const auto& deployment = *static_cast<const api::ModelDeployment*>(object.body.get());
    std::set<std::string> texts;
    const auto add = [&](const std::string& version) {
      texts.insert(model_version::FiledUnder(object.key.ns, ModelIn(version)));
    };
    for (const auto& variant : deployment.spec.variants) {
      if (variant.model_version_ref) add(variant.model_version_ref->name);
    }
    if (deployment.status && deployment.status->champion) {
      add(deployment.status->champion->model_version);
    }
    return std::vector<std::string>(texts.begin(), texts.end());
  };
  return {kModelVersions, model_version::FiledByModel, looked_up};
}

void SetPromotion(api::ModelDeploymentStatus& status, const ObjectKey& key,
                  const api::ModelDeployment& deployment, const Observed& observed,
                  const Snapshot& world, bool in_effect, Instant now) {
  ConditionWriter conditions(status.conditions, deployment.meta.generation, now);
  const api::Variant* wanted = observed.Wanted().spec;
  std::optional<std::string> named;
  if (wanted != nullptr && wanted->model_version_ref) named = wanted->model_version_ref->name;
  const bool exists = named && Exists(key, *named, world);
  const bool serves = in_effect && observed.Wanted().Available() > 0;
  const bool gone = status.champion && !Exists(key, status.champion->model_version, world);
  if (gone || (serves && !exists)) status.champion.reset();
  if (serves && exists) {
    status.champion = api::Champion{observed.wanted, *named, Since(status.champion, *named, now)};
  }
  if (!named) return conditions.Remove(condition::kPromoted);
  SetCondition(conditions, status, observed.wanted, *named, exists);
}

}  // namespace slipway::model_deployment
