#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "controllers/common/names.hpp"
#include "controllers/model_deployment/controller.hpp"
#include "controllers/model_deployment/kind.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::model_deployment {
namespace {

using nlohmann::json;

const Instant kNow = ParseTime("2026-09-01T12:00:00Z").value();
constexpr const char* kVariant = "slipway.dev/variant";

/// A namespace with one ModelDeployment, whose Deployment controller and user the test plays.
class World {
 public:
  explicit World(unsigned seed) : random_(seed) {
    owner_ = {{"apiVersion", "slipway.dev/v1alpha1"},
              {"kind", "ModelDeployment"},
              {"metadata", {{"name", "m"}, {"namespace", "n"}, {"uid", "u-1"}, {"generation", 1}}},
              {"spec", Spec({Variant("blue", 100)})},
              {"status", {{"observedGeneration", -1}}}};
  }

  unsigned Random(unsigned below) { return static_cast<unsigned>(random_() % below); }

  static json Variant(const std::string& name, int traffic, unsigned version = 0) {
    return {{"name", name},
            {"trafficPercent", traffic},
            {"image", "image:" + std::to_string(version)},
            {"port", 8080},
            {"standbyReplicas", 1}};
  }

  void Edit(std::vector<json> variants, int replicas) {
    owner_["spec"] = Spec(std::move(variants));
    owner_["spec"]["replicas"] = replicas;
    owner_["metadata"]["generation"] = owner_["metadata"]["generation"].get<int>() + 1;
  }

  /// One pass. With `may_crash` each write and the status may be lost.
  void Pass(bool may_crash) {
    const auto outcome = controller_.reconcile({key_, Take(), kNow, {}});
    for (const auto& action : outcome.plan.actions) {
      if (may_crash && Random(4) == 0) continue;
      Execute(action);
    }
    const bool lost = may_crash && Random(4) == 0;
    if (outcome.status && !lost) owner_["status"] = *outcome.status;
  }

  /// Each Deployment's controller gets a little further: it sees the spec, and pods of the newest
  /// form come one by one, an old one going only when its successor is there.
  void Roll(bool may_rest) {
    for (auto& [key, object] : objects_) {
      if (object["kind"] != "Deployment" || (may_rest && Random(2) == 0)) continue;
      json& status = object["status"];
      const int wanted = object["spec"]["replicas"];
      status["observedGeneration"] = object["metadata"]["generation"];
      if (status["form"] != object["spec"]["template"]) {
        status["form"] = object["spec"]["template"];
        status["updatedReplicas"] = 0;
      }
      const int updated = std::min(status.value("updatedReplicas", 0) + 1, wanted);
      const int before = status.value("availableReplicas", 0);
      status["updatedReplicas"] = updated;
      status["availableReplicas"] = std::min(std::max(before, updated), wanted);
      status["readyReplicas"] = status["availableReplicas"];
      status["replicas"] = std::max(updated, status["availableReplicas"].get<int>());
    }
  }

  /// Ready pods behind the Service; -1 when there is none.
  int Answering() const {
    const auto service = objects_.find("Service/m");
    if (service == objects_.end()) return -1;
    const std::string variant = service->second["spec"]["selector"][kVariant];
    const auto deployment = objects_.find("Deployment/" + ChildName("m", "u-1", variant));
    if (deployment == objects_.end()) return 0;
    return deployment->second["status"].value("availableReplicas", 0);
  }

  std::string Serving() const { return objects_.at("Service/m")["spec"]["selector"][kVariant]; }
  const json& Status() const { return owner_["status"]; }
  const json& Generation() const { return owner_["metadata"]["generation"]; }
  std::size_t Deployments() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        objects_, [](const auto& item) { return item.second["kind"] == "Deployment"; }));
  }

 private:
  static json Spec(std::vector<json> variants) {
    return {{"variants", std::move(variants)}, {"endpoint", {{"port", 80}}}};
  }

  template <class T>
  static ObjectPtr Decode(const Resource<T>& resource, const json& object) {
    const std::string text = object.dump();
    JsonParser parser;
    const auto view = parser.Parse(text).value();
    auto meta = DecodeMeta(view).value();
    ObjectKey key{kHomeCluster, meta.ns, meta.name};
    return std::make_shared<const Object>(
        Object{resource.type, std::move(key), std::move(meta),
               std::make_shared<const T>(resource.decode(view).value()), text});
  }

  Snapshot Take() const {
    std::vector<ObjectPtr> objects{Decode(kModelDeployments, owner_)};
    for (const auto& [key, object] : objects_) {
      if (object["kind"] == "Deployment") objects.push_back(Decode(kDeployments, object));
      if (object["kind"] == "Service") objects.push_back(Decode(kServices, object));
    }
    return Snapshot(std::move(objects));
  }

  void Execute(const Action& action) {
    if (const auto* removal = std::get_if<Delete>(&action)) {
      objects_.erase(std::string(removal->type.kind) + "/" + removal->key.name);
      return;
    }
    const auto& apply = std::get<Apply>(action);
    json& object =
        objects_.try_emplace(std::string(apply.type.kind) + "/" + apply.key.name, json::object())
            .first->second;
    const json spec_before = object.value("spec", json());
    const int generation =
        object.contains("metadata") ? object["metadata"]["generation"].get<int>() : 0;
    object.merge_patch(apply.body);
    object["kind"] = apply.type.kind;
    json& meta = object["metadata"];
    meta.update({{"name", apply.key.name},
                 {"namespace", "n"},
                 {"uid", apply.key.name},
                 {"generation", generation + (object["spec"] == spec_before ? 0 : 1)}});
    meta["labels"][std::string(labels::kOwnerUid)] = "u-1";
    meta["ownerReferences"] = json::array(
        {{{"kind", "ModelDeployment"}, {"name", "m"}, {"uid", "u-1"}, {"controller", true}}});
    if (!object.contains("status")) object["status"] = json::object();
  }

  Controller controller_ = MakeModelDeploymentController({});
  ObjectKey key_{kHomeCluster, "n", "m"};
  json owner_;
  std::map<std::string, json> objects_;
  std::mt19937 random_;
};

/// Any edit that a user may make while another one is still being carried out.
void EditAtRandom(World& world) {
  const int replicas = 1 + static_cast<int>(world.Random(4));
  const unsigned version = world.Random(3);
  const json blue = World::Variant("blue", 100, version);
  const json green = World::Variant("green", 100, version);
  const json idle_blue = World::Variant("blue", 0, world.Random(3));
  const json idle_green = World::Variant("green", 0, world.Random(3));
  switch (world.Random(4)) {
    case 0: return world.Edit({blue}, replicas);
    case 1: return world.Edit({blue, idle_green}, replicas);
    case 2: return world.Edit({idle_blue, green}, replicas);
    default: return world.Edit({green}, replicas);
  }
}

void Settle(World& world) {
  for (int i = 0; i < 40; ++i) {
    world.Pass(/*may_crash=*/false);
    world.Roll(/*may_rest=*/false);
  }
  world.Pass(/*may_crash=*/false);
}

class ModelDeploymentSwitch : public testing::TestWithParam<unsigned> {};

TEST_P(ModelDeploymentSwitch, NeverLeavesTheEndpointWithoutAPodOnceThereWasOne) {
  World world(GetParam());
  Settle(world);
  ASSERT_EQ(world.Answering(), 1);
  for (int step = 0; step < 200; ++step) {
    if (world.Random(10) == 0) EditAtRandom(world);
    world.Pass(/*may_crash=*/true);
    ASSERT_GE(world.Answering(), 1) << "after a pass, step " << step;
    world.Roll(/*may_rest=*/true);
    ASSERT_GE(world.Answering(), 1) << "after pods came and went, step " << step;
  }
}

TEST_P(ModelDeploymentSwitch, EndsWithWhatTheSpecAsksWhateverWasLostOnTheWay) {
  World world(GetParam());
  for (int step = 0; step < 100; ++step) {
    if (world.Random(10) == 0) EditAtRandom(world);
    world.Pass(/*may_crash=*/true);
    world.Roll(/*may_rest=*/true);
  }
  world.Edit({World::Variant("green", 100, 9)}, 3);
  Settle(world);
  EXPECT_EQ(world.Serving(), "green");
  EXPECT_EQ(world.Answering(), 3);
  EXPECT_EQ(world.Deployments(), 1U) << "blue is gone";
  EXPECT_EQ(world.Status()["phase"], "Ready") << world.Status().dump(1);
  EXPECT_EQ(world.Status()["observedGeneration"], world.Generation());
}

INSTANTIATE_TEST_SUITE_P(Seeds, ModelDeploymentSwitch, testing::Range(1U, 11U));

}  // namespace
}  // namespace slipway::model_deployment
