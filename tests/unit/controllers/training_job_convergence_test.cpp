#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "controllers/training_job/controller.hpp"
#include "tests/unit/controllers/training_job_toy_world.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;
using std::chrono::seconds;

json Spec(int nodes, int max_restarts) {
  return {{"framework", "Torch"},
          {"trainer", {{"image", "i"}, {"numNodes", nodes}, {"numProcPerNode", "auto"}}},
          {"suspend", false},
          {"failurePolicy", {{"maxRestarts", max_restarts}, {"backoffSeconds", 10}}},
          {"cleanPodPolicy", "Running"}};
}

/// With two steps before the training and one behind it.
json WithSteps(json spec, int retries) {
  spec["prepare"] = json::array({{{"name", "ingest"}, {"retries", retries}},
                                 {{"name", "check"}, {"image", "c"}, {"retries", retries}}});
  const json step = {{"retries", retries}};
  const json metric = {{"name", "auc"}, {"goal", "Maximize"}};
  spec["evaluation"] = {{"metricsFrom", {{"file", "/dev/termination-log"}, {"step", step}}},
                        {"metrics", json::array({metric})}};
  return spec;
}

/// A node that fails is restarted by itself.
json MemberSpec(int nodes, int max_restarts) {
  json spec = Spec(nodes, max_restarts);
  spec["framework"] = "Custom";
  spec["failurePolicy"]["rules"] = json::array(
      {{{"action", "RestartMember"}, {"onExitCodes", {{"operator", "In"}, {"values", {1}}}}}});
  return spec;
}

/// What the kubelet and the user do, as a function of the world, so that it is the same with and
/// without a crash of the operator.
struct Script {
  std::string name;
  /// Attempts below this number fail on node 1, later ones succeed.
  int failing_attempts = 0;
  /// Suspend when the group first runs, resume when its pods are gone.
  bool pause = false;
  int max_restarts = 3;
  /// When the group first runs, let it be suspended, changed to so many nodes and resumed before
  /// the operator looks again.
  int nodes_unseen = 0;
  /// When the group first runs, node 1 loses its labels.
  bool hide = false;
  /// With steps, of which each fails so often.
  std::optional<int> failing_steps = std::nullopt;
  /// Suspend and resume while a pod of this step runs, or, when it is to be changed, in passing
  /// when the group first runs.
  std::string pause_in{};
  std::string change{};
  /// Node 1 fails so often and is restarted by itself.
  int failing_members = 0;
  /// An elastic job of three nodes, which loses this one when it first runs ...
  std::optional<int> loses = std::nullopt;
  /// ... and is then to have so many; it ends when it has them.
  int resized = 0;
};

/// Two of its nodes are enough.
json ElasticSpec(int nodes, int max_restarts) {
  json spec = Spec(nodes, max_restarts);
  spec["elasticPolicy"] = {
      {"minNodes", 2}, {"maxNodes", 4}, {"maxRestarts", 10}, {"scaleCooldownSeconds", 60}};
  return spec;
}

json Spec(const Script& script) {
  if (script.loses) {
    json spec = ElasticSpec(3, script.max_restarts);
    return script.failing_steps ? WithSteps(std::move(spec), 2) : spec;
  }
  json spec = script.failing_members > 0 ? MemberSpec(2, script.max_restarts)
                                         : Spec(2, script.max_restarts);
  return script.failing_steps ? WithSteps(std::move(spec), 2) : spec;
}

bool AnyPending(const ToyWorld& world) {
  return std::ranges::any_of(world.PodNames(),
                             [&](const auto& name) { return world.PodPhase(name) == "Pending"; });
}

/// Moves every pod one step on.
void StepPods(ToyWorld& world, const Script& script) {
  const auto names = world.PodNames();
  const auto size =
      std::ranges::count_if(names, [&](const auto& name) { return world.StepOf(name).empty(); });
  const bool waits = script.resized > 0 && size != script.resized;
  const bool all_run = !AnyPending(world) && !waits;
  for (const auto& name : world.PodNames()) {
    if (world.IsEnding(name)) {
      world.RemovePod(name);
    } else if (world.PodPhase(name) == "Pending") {
      world.StartPod(name);
    } else if (!world.StepOf(name).empty()) {
      world.EndPod(name, world.Attempt(name) < script.failing_steps.value_or(0) ? 1 : 0);
    } else if (all_run) {
      const bool fails =
          world.Node(name) == 1 && (world.Attempt(name) < script.failing_attempts ||
                                    world.MemberRestarts(name) < script.failing_members);
      // A real group would hang when one member fails; here the healthy ones just go on.
      if (fails) world.EndPod(name, 1);
      if (!fails && world.Attempt(name) >= script.failing_attempts) world.EndPod(name, 0);
    }
  }
}

class Driver {
 public:
  Driver(ToyWorld& world, const Script& script) : world_(world), script_(script) {}

  /// Runs until nothing changes any more, dying once before write number `crash_at`. Returns how
  /// many writes there were.
  int Run(std::optional<int> crash_at = std::nullopt) {
    int writes = 0;
    for (int round = 0; round < 300; ++round) {
      std::optional<int> left;
      if (crash_at && writes <= *crash_at && !crashed_) left = *crash_at - writes;
      const auto pass = world_.Pass(left);
      writes += pass.writes;
      crashed_ = crashed_ || pass.crashed;
      if (pass.writes > 0 || pass.crashed) continue;  // As the watch would, look again at once.
      if (!UserOrKubeletActs(pass)) return writes;
    }
    ADD_FAILURE() << "never comes to rest: " << world_.Status().dump(2);
    return writes;
  }

 private:
  bool UserOrKubeletActs(const ToyWorld::PassResult& pass) {
    if (script_.pause && !paused_ && world_.Phase() == "Running") {
      world_.SetSpec("suspend", true);
      return paused_ = true;
    }
    if (paused_ && !resumed_ && world_.Phase() == "Suspended" && world_.PodNames().empty()) {
      world_.SetSpec("suspend", false);
      return resumed_ = true;
    }
    if (script_.nodes_unseen > 0 && !changed_ && world_.Phase() == "Running") {
      json trainer = world_.Job().at("spec").at("trainer");
      trainer["numNodes"] = script_.nodes_unseen;
      trainer["image"] = "another";
      world_.SetSpec("trainer", trainer);
      return changed_ = true;
    }
    if (script_.hide && !hidden_ && world_.Phase() == "Running") {
      for (const auto& name : world_.PodNames()) {
        if (world_.Node(name) == 1) world_.HidePod(name);
      }
      return hidden_ = true;
    }
    if (ChangesOrPausesSteps() || LosesOrResizes()) return true;
    const auto before = Fingerprint();
    StepPods(world_, script_);
    world_.Advance(seconds(1));
    if (Fingerprint() != before) return true;
    if (!pass.wake_at || *pass.wake_at < world_.Now()) return false;
    world_.Advance(std::chrono::ceil<seconds>(*pass.wake_at - world_.Now()));
    return true;
  }

  bool LosesOrResizes() {
    if (!script_.loses || world_.Phase() != "Running") return false;
    if (!lost_) {
      for (const auto& name : world_.PodNames()) {
        if (world_.Node(name) == *script_.loses) world_.DeletePod(name);
      }
      return lost_ = true;
    }
    if (script_.resized == 0 || changed_) return false;
    json trainer = world_.Job().at("spec").at("trainer");
    trainer["numNodes"] = script_.resized;
    world_.SetSpec("trainer", trainer);
    return changed_ = true;
  }

  bool ChangesOrPausesSteps() {
    if (!script_.change.empty() && !changed_ && world_.Phase() == "Running") {
      json prepare = world_.Job().at("spec").at("prepare");
      for (json& step : prepare) {
        if (step["name"] == script_.change) step["image"] = "another";
      }
      world_.SetSpec("prepare", prepare);
      return changed_ = true;
    }
    if (!script_.pause_in.empty() && !paused_) {
      for (const auto& name : world_.PodNames()) {
        if (world_.StepOf(name) != script_.pause_in || world_.PodPhase(name) != "Running") continue;
        world_.SetSpec("suspend", true);
        return paused_ = true;
      }
    }
    return false;
  }

  std::string Fingerprint() const {
    std::string text;
    for (const auto& name : world_.PodNames()) text += name + world_.PodPhase(name);
    return text;
  }

  ToyWorld& world_;
  const Script& script_;
  bool crashed_ = false;
  bool paused_ = false;
  bool resumed_ = false;
  bool changed_ = false;
  bool hidden_ = false;
  bool lost_ = false;
};

/// What must be the same with and without a crash.
std::string EndState(const ToyWorld& world) {
  std::string text = world.Phase() + " restarts=" + world.Status().at("restarts").dump() +
                     " of members=" + std::to_string(world.Status().value("memberRestarts", 0));
  text += world.HasService() ? " service" : "";
  for (const auto& name : world.PodNames()) {
    text += " " + name + "=" + world.PodPhase(name) + " of " + world.TrainerHash(name);
  }
  return text;
}

class TrainingJobConvergence : public testing::TestWithParam<Script> {};

TEST_P(TrainingJobConvergence, EndsTheSameWhereverTheOperatorDies) {
  const Controller controller = MakeTrainingJobController({});
  ToyWorld reference(controller, Spec(GetParam()));
  const int writes = Driver(reference, GetParam()).Run();
  ASSERT_GT(writes, 5);
  for (int crash_at = 0; crash_at < writes; ++crash_at) {
    SCOPED_TRACE("dies before write " + std::to_string(crash_at));
    ToyWorld world(controller, Spec(GetParam()));
    Driver(world, GetParam()).Run(crash_at);
    EXPECT_EQ(EndState(world), EndState(reference));
    EXPECT_EQ(world.Pass().writes, 0) << "writes at rest";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Scripts, TrainingJobConvergence,
    testing::Values(
        Script{.name = "Succeeds"}, Script{.name = "FailsOnce", .failing_attempts = 1},
        Script{.name = "FailsTwicePaused", .failing_attempts = 2, .pause = true},
        Script{.name = "FailsForGood", .failing_attempts = 9, .max_restarts = 2},
        Script{.name = "AnotherImageUnseen", .nodes_unseen = 2},
        Script{.name = "FewerNodesUnseen", .nodes_unseen = 1},
        Script{.name = "MoreNodesUnseenAfterAFailure", .failing_attempts = 1, .nodes_unseen = 4},
        Script{.name = "APodIsHidden", .failing_attempts = 1, .hide = true},
        Script{.name = "Steps", .failing_steps = 0},
        Script{.name = "StepsFailOnce", .failing_attempts = 1, .failing_steps = 1},
        Script{.name = "StepsFailForGood", .failing_steps = 9},
        Script{.name = "StepsAndPaused", .pause = true, .failing_steps = 0},
        Script{.name = "PausedInAStep", .failing_steps = 1, .pause_in = "check"},
        Script{.name = "PausedInTheEvaluation", .failing_steps = 0, .pause_in = "evaluate"},
        Script{.name = "AStepIsChangedUnseen", .failing_steps = 0, .change = "check"},
        Script{.name = "AMemberFailsTwice", .failing_members = 2},
        Script{.name = "AMemberFailsPaused", .pause = true, .failing_members = 1},
        Script{.name = "AMemberFailsForGood", .max_restarts = 2, .failing_members = 9},
        Script{.name = "AMemberFailsInAChangedTrainer", .nodes_unseen = 3, .failing_members = 1},
        Script{.name = "ANodeIsLost", .loses = 1},
        Script{.name = "ANodeIsLostAndComesBack", .loses = 1, .resized = 3},
        Script{.name = "ANodeIsLostAndOneMoreWanted", .loses = 2, .resized = 4},
        Script{.name = "ANodeIsLostAndOneLessWanted", .loses = 1, .resized = 2},
        Script{.name = "ANodeIsLostAfterAFailure", .failing_attempts = 1, .loses = 1},
        Script{.name = "ANodeIsLostAndPaused", .pause = true, .loses = 2},
        Script{.name = "ANodeIsLostBetweenSteps", .failing_steps = 0, .loses = 2, .resized = 3},
        Script{.name = "NodeZeroIsLost", .loses = 0}),
    [](const auto& item) { return item.param.name; });

TEST(TrainingJobConvergence, ATrainerChangedUnseenRunsAndCountsNoRestart) {
  const Controller controller = MakeTrainingJobController({});
  for (const int nodes : {1, 2, 3, 5}) {
    SCOPED_TRACE("3 nodes become " + std::to_string(nodes));
    ToyWorld world(controller, Spec(3, 0));
    const Script script{.name = "", .max_restarts = 0, .nodes_unseen = nodes};
    Driver(world, script).Run();
    EXPECT_EQ(world.Phase(), "Complete");
    EXPECT_EQ(world.Status().at("restarts"), 0);
    EXPECT_FALSE(world.Status().contains("lastFailure"));
    EXPECT_EQ(world.Status().at("nodes").at("succeeded"), nodes);
    EXPECT_THAT(world.PodNames(), testing::SizeIs(nodes));
    EXPECT_THAT(world.Events(), testing::ElementsAre("Replaced", "Complete"));
  }
}

TEST(TrainingJobConvergence, TheOthersGoOnWhileOneNodeIsRestarted) {
  const Controller controller = MakeTrainingJobController({});
  ToyWorld world(controller, MemberSpec(3, 3));
  const auto settle = [&] {
    while (world.Pass().writes > 0) {
    }
  };
  settle();
  const auto names = world.PodNames();
  for (const auto& name : names) world.StartPod(name);
  settle();
  const std::vector<std::string> before{world.Uid(names[0]), world.Uid(names[1]),
                                        world.Uid(names[2])};
  world.EndPod(names[1], 1);
  settle();
  EXPECT_THAT(world.PodNames(), testing::ElementsAre(names[0], names[2])) << "backs off";
  world.Advance(seconds(10));
  settle();
  ASSERT_EQ(world.PodNames(), names);
  EXPECT_EQ(world.Uid(names[0]), before[0]);
  EXPECT_NE(world.Uid(names[1]), before[1]);
  EXPECT_EQ(world.Uid(names[2]), before[2]);
  EXPECT_EQ(world.Attempt(names[1]), 0);
  EXPECT_EQ(world.MemberRestarts(names[1]), 1);
  EXPECT_THAT(world.Events(), testing::ElementsAre("Restarting"));
  // A second failure of the same node waits twice as long, one of another node does not.
  world.StartPod(names[1]);
  world.EndPod(names[1], 1);
  world.EndPod(names[2], 1);
  settle();
  world.Advance(seconds(10));
  settle();
  EXPECT_THAT(world.PodNames(), testing::ElementsAre(names[0], names[2]));
  world.Advance(seconds(10));
  settle();
  EXPECT_EQ(world.PodNames(), names);
  EXPECT_EQ(world.Status().at("restarts"), 0);
  EXPECT_EQ(world.Status().at("memberRestarts"), 3);
}

TEST(TrainingJobConvergence, AFaultFreeJobEmitsOneEvent) {
  const Controller controller = MakeTrainingJobController({});
  ToyWorld world(controller, Spec(4, 3));
  const Script script{.name = "Succeeds"};
  Driver(world, script).Run();
  EXPECT_THAT(world.Events(), testing::ElementsAre("Complete"));
}

TEST(TrainingJobConvergence, TheJobIsDeletedWhenItsTimeIsOver) {
  const Controller controller = MakeTrainingJobController({});
  ToyWorld world(controller, Spec(2, 3));
  world.SetSpec("ttlSecondsAfterFinished", 60);
  const Script script{.name = "Succeeds"};
  for (int i = 0; i < 50 && !world.Deleted(); ++i) {
    const auto pass = world.Pass();
    StepPods(world, script);
    world.Advance(seconds(5));
    (void)pass;
  }
  EXPECT_TRUE(world.Deleted());
}

/// How often a step was started, by the attempt of its pod.
int Starts(const ToyWorld& world, std::string_view step) {
  for (const auto& name : world.PodNames()) {
    if (world.StepOf(name) == step) return world.Attempt(name) + 1;
  }
  return 0;
}

TEST(TrainingJobConvergence, OnlyWhatFollowsAChangedStepRunsAgain) {
  const Controller controller = MakeTrainingJobController({});
  const Script script{.name = "", .failing_steps = 0, .change = "check"};
  ToyWorld world(controller, Spec(script));
  Driver(world, script).Run();
  EXPECT_EQ(world.Phase(), "Complete");
  EXPECT_EQ(Starts(world, "ingest"), 1);
  EXPECT_EQ(Starts(world, "check"), 2);
  EXPECT_EQ(world.Status().at("resumes"), 1);
  EXPECT_EQ(world.Status().at("restarts"), 0);
}

TEST(TrainingJobConvergence, ARestartOfTheGroupRunsNoStepAgain) {
  const Controller controller = MakeTrainingJobController({});
  const Script script{.name = "", .failing_attempts = 2, .failing_steps = 0};
  ToyWorld world(controller, Spec(script));
  Driver(world, script).Run();
  EXPECT_EQ(world.Phase(), "Complete");
  EXPECT_EQ(world.Status().at("restarts"), 2);
  for (const char* step : {"ingest", "check", "evaluate"}) EXPECT_EQ(Starts(world, step), 1);
}

TEST(TrainingJobConvergence, AfterAPauseInTheEvaluationOnlyThatRunsAgain) {
  const Controller controller = MakeTrainingJobController({});
  const Script script{.name = "", .failing_steps = 0, .pause_in = "evaluate"};
  ToyWorld world(controller, Spec(script));
  Driver(world, script).Run();
  EXPECT_EQ(world.Phase(), "Complete");
  EXPECT_THAT(world.PodNames(), testing::SizeIs(1));
  EXPECT_EQ(Starts(world, "evaluate"), 2);
}

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

TEST(TrainingJobConvergence, AnyChaosEndsInAnEndStateAndThenRests) {
  const Controller controller = MakeTrainingJobController({});
  for (unsigned seed = 1; seed <= 80; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const bool steps = seed % 3 == 0;
    const json spec = seed % 2 == 0 ? MemberSpec(3, 4) : Spec(3, 4);
    ExpectEndAfterChaos(controller, steps ? WithSteps(spec, 2) : spec, seed);
    if (testing::Test::HasFailure()) break;
  }
}

TEST(TrainingJobConvergence, AnyChaosOfAnElasticJobEndsInAnEndStateAndThenRests) {
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
