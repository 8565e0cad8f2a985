#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "controllers/training_job/controller.hpp"
#include "tests/unit/controllers/training_job_driver.hpp"

namespace slipway::training_job {
namespace {

/// Everything at once, in an order that the seed decides.
class Chaos {
 public:
  /// What becomes of a job that is suspended while one of its pods is hidden is up to the user, who
  /// is told that a name is taken; so there is either the one or the other.
  Chaos(ToyWorld& world, unsigned seed, bool hides) : world_(world), random_(seed), hides_(hides) {}

  void Step() {
    switch (Pick(13)) {
      case 0:
      case 1:
      case 2: world_.Pass(); break;
      case 3:
      case 4: world_.Pass(Pick(5)); break;
      case 5: WithPod([&](const auto& name) { world_.StartPod(name); }); break;
      case 6: WithPod([&](const auto& name) { world_.EndPod(name, Pick(4) == 0 ? 1 : 0); }); break;
      case 7: WithPod([&](const auto& name) { End(name); }); break;
      case 8: hides_ ? Hide() : world_.SetSpec("suspend", Pick(3) == 0); break;
      case 9: WithPod([&](const auto& name) { Harm(name); }); break;
      case 10: world_.Advance(seconds(Pick(30))); break;
      case 11: hides_ ? Hide() : ChangeTrainer(); break;
      default: WithPod([&](const auto& name) { world_.StartPod(name); }); break;
    }
  }

 private:
  int Pick(int count) { return std::uniform_int_distribution<int>(0, count - 1)(random_); }

  template <class Act>
  void WithPod(Act act) {
    const auto names = world_.PodNames();
    if (!names.empty()) act(names[static_cast<std::size_t>(Pick(static_cast<int>(names.size())))]);
  }

  void End(const std::string& name) {
    if (world_.IsEnding(name)) world_.RemovePod(name);
  }

  /// A pod of a group that is not recorded as whole yet would only be in the way of itself.
  void Hide() {
    if (world_.Phase() != "Running") return;
    WithPod([&](const auto& name) { world_.HidePod(name); });
  }

  /// Always in passing, so that the operator sees the suspension or, mostly, does not.
  void ChangeTrainer() {
    json trainer = world_.Job().at("spec").at("trainer");
    trainer["image"] = "image-" + std::to_string(Pick(3));
    trainer["numNodes"] = 2 + Pick(3);
    world_.SetSpec("trainer", trainer);
    if (!world_.Job().at("spec").contains("prepare") || Pick(2) == 0) return;
    json prepare = world_.Job().at("spec").at("prepare");
    prepare[static_cast<std::size_t>(Pick(2))]["image"] = "image-" + std::to_string(Pick(3));
    world_.SetSpec("prepare", prepare);
  }

  void Harm(const std::string& name) {
    if (Pick(3) != 0) return;
    if (Pick(2) == 0) {
      world_.DeletePod(name);
    } else {
      world_.RemovePod(name);
    }
    if (Pick(4) == 0) world_.RemoveService();
  }

  ToyWorld& world_;
  std::mt19937 random_;
  bool hides_;
};

void ExpectEndAfterChaos(const Controller& controller, const json& spec, unsigned seed) {
  ToyWorld world(controller, spec);
  Chaos chaos(world, seed, /*hides=*/seed > 25);
  for (int i = 0; i < 100; ++i) chaos.Step();
  world.SetSpec("suspend", false);
  const Script script{.name = "Succeeds"};
  Driver(world, script).Run();
  EXPECT_THAT(world.Phase(), testing::AnyOf("Complete", "Failed"));
  EXPECT_EQ(world.Pass().writes, 0);
}

TEST(TrainingJobChaos, AnyChaosEndsInAnEndStateAndThenRests) {
  const Controller controller = MakeTrainingJobController({});
  for (unsigned seed = 1; seed <= 80; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const bool steps = seed % 3 == 0;
    const json spec = seed % 2 == 0 ? MemberSpec(3, 4) : Spec(3, 4);
    ExpectEndAfterChaos(controller, steps ? WithSteps(spec, 2) : spec, seed);
    if (testing::Test::HasFailure()) break;
  }
}

TEST(TrainingJobChaos, AnyChaosOfAnElasticJobEndsInAnEndStateAndThenRests) {
  const Controller controller = MakeTrainingJobController({});
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const json spec = ElasticSpec(3, 4);
    ExpectEndAfterChaos(controller, seed % 4 == 0 ? WithSteps(spec, 2) : spec, seed);
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace slipway::training_job
