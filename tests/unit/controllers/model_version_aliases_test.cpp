#include <gmock/gmock.h>

#include <chrono>

#include "controllers/model_deployment/kind.hpp"
#include "controllers/model_version/aliases.hpp"

namespace slipway::model_version {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// The versions of one model and the deployments that promote them, with as many passes as wanted.
class Registry {
 public:
  void Add(std::int32_t number) {
    api::ModelVersion version;
    version.meta.ns = "team";
    version.meta.name = NameOf("churn", number);
    version.spec.model_name = "churn";
    version.spec.version = number;
    version.status = api::ModelVersionStatus{};
    versions_[number] = version;
  }
  void Promote(const std::string& deployment, std::int32_t number, int time) {
    api::ModelDeployment body;
    body.status = api::ModelDeploymentStatus{};
    body.status->champion =
        api::Champion{"blue", NameOf("churn", number), Instant{} + seconds(time)};
    deployments_[deployment] = body;
  }
  void DeleteDeployment(const std::string& name) { deployments_.erase(name); }
  void Delete(std::int32_t number) { versions_.erase(number); }

  /// One pass of that version.
  void Look(std::int32_t number) {
    api::ModelVersion& version = versions_.at(number);
    const Snapshot world = World();
    SetAliases(*version.status, Key(version.meta.name), version, world);
  }
  void LookAtAll() {
    for (const auto& [number, version] : versions_) Look(number);
  }
  std::vector<std::int32_t> Champions() const {
    std::vector<std::int32_t> champions;
    for (const auto& [number, version] : versions_) {
      if (version.status->aliases == std::vector<std::string>{"champion"}) {
        champions.push_back(number);
      }
    }
    return champions;
  }

 private:
  static ObjectKey Key(const std::string& name) { return {kHomeCluster, "team", name}; }

  Snapshot World() const {
    std::vector<ObjectPtr> objects;
    const auto add = [&](const ResourceType& type, const std::string& name, auto body) {
      Object object;
      object.type = type;
      object.key = Key(name);
      object.body = std::make_shared<const decltype(body)>(std::move(body));
      objects.push_back(std::make_shared<const Object>(std::move(object)));
    };
    for (const auto& [name, body] : deployments_) {
      add(model_deployment::kModelDeployments.type, name, body);
    }
    for (const auto& [number, body] : versions_) add(kModelVersions.type, body.meta.name, body);
    return Snapshot(std::move(objects));
  }

  std::map<std::int32_t, api::ModelVersion> versions_;
  std::map<std::string, api::ModelDeployment> deployments_;
};

Registry Two() {
  Registry registry;
  registry.Add(7);
  registry.Add(8);
  return registry;
}

TEST(SetAliases, NobodyIsChampionBeforeAPromotion) {
  Registry registry = Two();
  registry.LookAtAll();
  EXPECT_THAT(registry.Champions(), IsEmpty());
}

TEST(SetAliases, WhoWasPromotedLast) {
  Registry registry = Two();
  registry.Promote("churn", 7, 10);
  registry.LookAtAll();
  EXPECT_THAT(registry.Champions(), ElementsAre(7));
  registry.Promote("churn", 8, 20);
  registry.LookAtAll();
  EXPECT_THAT(registry.Champions(), ElementsAre(8));
  registry.Promote("churn", 7, 30);
  registry.LookAtAll();
  EXPECT_THAT(registry.Champions(), ElementsAre(7)) << "rolled back";
}

TEST(SetAliases, TheEndOfADeploymentIsNoPromotion) {
  Registry registry = Two();
  registry.Promote("a", 7, 10);
  registry.Promote("b", 8, 20);
  registry.LookAtAll();
  registry.DeleteDeployment("b");
  registry.LookAtAll();
  EXPECT_THAT(registry.Champions(), ElementsAre(8));
  registry.DeleteDeployment("a");
  registry.LookAtAll();
  EXPECT_THAT(registry.Champions(), ElementsAre(8));
}

TEST(SetAliases, AtMostOneWhateverAPassHasMissed) {
  // Only 8 sees its promotion before the deployment is gone; 7 learns of it from 8.
  Registry registry = Two();
  registry.Promote("churn", 7, 10);
  registry.LookAtAll();
  registry.Promote("churn", 8, 20);
  registry.Look(8);
  registry.DeleteDeployment("churn");
  registry.Look(7);
  EXPECT_THAT(registry.Champions(), ElementsAre(8));
}

TEST(SetAliases, TheOneBeforeWhenTheChampionIsDeleted) {
  Registry registry = Two();
  registry.Promote("churn", 7, 10);
  registry.LookAtAll();
  registry.Promote("churn", 8, 20);
  registry.LookAtAll();
  registry.Delete(8);
  registry.DeleteDeployment("churn");
  registry.LookAtAll();
  EXPECT_THAT(registry.Champions(), ElementsAre(7));
}

TEST(SetAliases, OneOfTwoThatWerePromotedInTheSameSecond) {
  Registry registry = Two();
  registry.Promote("a", 8, 10);
  registry.Promote("b", 7, 10);
  registry.LookAtAll();
  registry.LookAtAll();
  EXPECT_THAT(registry.Champions(), ElementsAre(8));
}

}  // namespace
}  // namespace slipway::model_version
