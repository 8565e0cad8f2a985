#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/training_job/controller.hpp"
#include "tests/unit/controllers/training_job_driver.hpp"

namespace slipway::training_job {
namespace {

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

}  // namespace
}  // namespace slipway::training_job
