#include "controllers/model_version/aliases.hpp"

#include <algorithm>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "controllers/model_deployment/kind.hpp"

namespace slipway::model_version {
namespace {

using model_deployment::kModelDeployments;

/// Which of two came later. Statuses have whole seconds, so the names decide between promotions of
/// one second: the same way whoever looks.
struct Place {
  Instant time{};
  std::string_view version;
  std::string_view deployment;
  auto operator<=>(const Place&) const = default;
};

bool IsBeside(const ObjectKey& other, const ObjectKey& key) {
  return other.cluster == key.cluster && other.ns == key.ns;
}

/// Promotions of the model by the deployments there are: by version, and the record of it.
struct Claim {
  Place place;
  api::Promotion promotion;
};

std::vector<Claim> FindClaims(const ObjectKey& key, const api::ModelVersion& version,
                              const Snapshot& world) {
  std::vector<Claim> claims;
  for (const auto& item : world.All(kModelDeployments)) {
    if (!IsBeside(item.key, key) || !item.body.status || !item.body.status->champion) continue;
    const api::Champion& champion = *item.body.status->champion;
    if (ModelIn(champion.model_version) != version.spec.model_name) continue;
    claims.push_back({{champion.since, champion.model_version, item.key.name},
                      {item.key.name, champion.variant, champion.since}});
  }
  return claims;
}

Place PlaceOf(const api::Promotion& promotion, std::string_view version) {
  return {promotion.time, version, promotion.model_deployment};
}

/// The latest promotion of another version of the model, by what they and the deployments say.
std::optional<Place> LatestOther(const ObjectKey& key, const api::ModelVersion& version,
                                 const std::vector<Claim>& claims, const Snapshot& world) {
  std::optional<Place> latest;
  const auto take = [&](const Place& place) {
    if (place.version != key.name && (!latest || place > *latest)) latest = place;
  };
  for (const Claim& claim : claims) take(claim.place);
  for (const auto& item : world.All(kModelVersions)) {
    const bool sibling =
        IsBeside(item.key, key) && item.body.spec.model_name == version.spec.model_name;
    if (!sibling || !item.body.status || !item.body.status->promotion) continue;
    take(PlaceOf(*item.body.status->promotion, item.key.name));
  }
  return latest;
}

std::string FiledByChampion(const Object& object) {
  const auto& deployment = *static_cast<const api::ModelDeployment*>(object.body.get());
  const bool promotes = deployment.status && deployment.status->champion;
  return FiledUnder(object.key.ns,
                    promotes ? ModelIn(deployment.status->champion->model_version) : "");
}

/// A model has few versions that were promoted, among however many there are.
std::string FiledIfPromoted(const Object& object) {
  const auto& version = *static_cast<const api::ModelVersion*>(object.body.get());
  const bool promoted = version.status && version.status->promotion;
  return FiledUnder(object.key.ns, promoted ? version.spec.model_name : "");
}

}  // namespace

std::vector<Lookup> LookUpPromotions() {
  const auto own_model = [](const Object& object) {
    return std::vector<std::string>{FiledByModel(object)};
  };
  return {Lookup{kModelDeployments, FiledByChampion, own_model},
          Lookup{kModelVersions, FiledIfPromoted, own_model, {}, {}, "promoted"}};
}

void SetAliases(api::ModelVersionStatus& status, const ObjectKey& key,
                const api::ModelVersion& version, const Snapshot& world) {
  const auto claims = FindClaims(key, version, world);
  for (const Claim& claim : claims) {
    if (claim.place.version != key.name) continue;
    if (!status.promotion || claim.place > PlaceOf(*status.promotion, key.name)) {
      status.promotion = claim.promotion;
    }
  }
  status.aliases.clear();
  if (!status.promotion) return;
  const auto other = LatestOther(key, version, claims, world);
  if (!other || PlaceOf(*status.promotion, key.name) > *other) {
    status.aliases.emplace_back(kChampion);
  }
}

}  // namespace slipway::model_version
