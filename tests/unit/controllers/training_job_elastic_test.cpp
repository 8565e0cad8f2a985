#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "controllers/training_job/controller.hpp"
#include "controllers/training_job/decide.hpp"
#include "tests/unit/controllers/training_job_toy_world.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

json Spec(int nodes, int restarts = 3) {
  return {{"framework", "Torch"},
          {"trainer", {{"image", "i"}, {"numNodes", nodes}, {"numProcPerNode", "auto"}}},
          {"suspend", false},
          {"elasticPolicy",
           {{"minNodes", 2}, {"maxNodes", 5}, {"maxRestarts", 10}, {"scaleCooldownSeconds", 60}}},
          {"failurePolicy", {{"maxRestarts", restarts}, {"backoffSeconds", 10}}},
          {"cleanPodPolicy", "Running"}};
}

/// An elastic job whose nodes all run.
class Elastic : public testing::Test {
 protected:
  explicit Elastic(int nodes = 3) : world_(controller_, Spec(nodes)) { StartAll(); }

  void Settle() {
    for (int pass = 0; world_.Pass().writes > 0; ++pass) ASSERT_LT(pass, 50) << "never settles";
  }

  void StartAll() {
    Settle();
    for (const auto& name : world_.PodNames()) world_.StartPod(name);
    Settle();
  }

  std::string PodOf(int node) const {
    for (const auto& name : world_.PodNames()) {
      if (world_.Node(name) == node) return name;
    }
    ADD_FAILURE() << "node " << node << " has no pod";
    return "";
  }

  std::vector<int> Nodes() const {
    std::vector<int> nodes;
    for (const auto& name : world_.PodNames()) nodes.push_back(world_.Node(name));
    std::ranges::sort(nodes);
    return nodes;
  }

  /// As by a drain: the pod is told to end, and is gone when it has.
  void Evict(int node) {
    const std::string name = PodOf(node);
    world_.DeletePod(name);
    Settle();
    world_.RemovePod(name);
    Settle();
  }

  void Want(int nodes) {
    json trainer = world_.Job().at("spec").at("trainer");
    trainer["numNodes"] = nodes;
    world_.SetSpec("trainer", trainer);
    Settle();
  }

  void EndAll() {
    for (const auto& name : world_.PodNames()) {
      if (world_.PodPhase(name) == "Running") world_.EndPod(name, 0);
    }
    Settle();
  }

  /// Members that were told to end have done so.
  void RemoveEnding() {
    for (const auto& name : world_.PodNames()) {
      if (world_.IsEnding(name)) world_.RemovePod(name);
    }
    Settle();
  }

  int Size() const { return world_.Status().at("elastic").at("nodes"); }
  std::string Reason() const { return world_.Status().at("elastic").at("reason"); }
  int Restarts() const { return world_.Status().at("restarts"); }

  const Controller controller_ = MakeTrainingJobController({});
  ToyWorld world_;
};

TEST_F(Elastic, StartsWithAllThatAreWantedAndEmitsNothing) {
  EXPECT_THAT(Nodes(), ElementsAre(0, 1, 2));
  EXPECT_EQ(world_.Phase(), "Running");
  EXPECT_EQ(Size(), 3);
  EXPECT_EQ(Reason(), "NodesJoined");
  EXPECT_THAT(world_.Events(), IsEmpty());
}

TEST_F(Elastic, GoesOnWithoutANodeThatIsLostAndGrowsAgain) {
  const std::string others = world_.Uid(PodOf(0)) + world_.Uid(PodOf(1));
  Evict(2);
  EXPECT_EQ(world_.Phase(), "Running");
  EXPECT_EQ(Restarts(), 0);
  EXPECT_EQ(Size(), 2);
  EXPECT_EQ(Reason(), "NodesLost");
  EXPECT_EQ(world_.Status().at("nodes").at("failed"), 0);
  EXPECT_THAT(Nodes(), ElementsAre(0, 1)) << "cools down";
  world_.Advance(seconds(59));
  Settle();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1)) << "cools down";
  world_.Advance(seconds(1));
  Settle();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1, 2));
  EXPECT_EQ(world_.MemberRestarts(PodOf(2)), 1);
  EXPECT_EQ(Size(), 2) << "what waits for a machine is no member";
  EXPECT_EQ(world_.Phase(), "Running");
  StartAll();
  EXPECT_EQ(Size(), 3);
  EXPECT_EQ(world_.Uid(PodOf(0)) + world_.Uid(PodOf(1)), others);
  EXPECT_THAT(world_.Events(), ElementsAre("NodesLost", "NodesJoined"));
  EndAll();
  EXPECT_EQ(world_.Phase(), "Complete");
}

TEST_F(Elastic, WakesUpWhenTheCoolDownIsOver) {
  Evict(1);
  const auto pass = world_.Pass();
  ASSERT_TRUE(pass.wake_at);
  EXPECT_EQ(*pass.wake_at, world_.Now() + seconds(60));
}

TEST_F(Elastic, DoesWithoutANodeThatVanishedOnceThatIsConfirmed) {
  world_.RemovePod(PodOf(1));
  Settle();
  EXPECT_EQ(world_.Phase(), "Running");
  EXPECT_EQ(Size(), 3) << "it may only be late";
  world_.Advance(kLossConfirmation);
  Settle();
  EXPECT_EQ(Size(), 2);
  EXPECT_EQ(Restarts(), 0);
}

TEST_F(Elastic, IsRestartedWhenNodeZeroIsLost) {
  Evict(0);
  EXPECT_EQ(Restarts(), 1);
  EXPECT_EQ(world_.Phase(), "Restarting");
  EXPECT_FALSE(world_.Status().contains("elastic"));
}

TEST_F(Elastic, IsRestartedWhenTooFewAreLeft) {
  world_.DeletePod(PodOf(1));
  world_.DeletePod(PodOf(2));
  Settle();
  EXPECT_EQ(Restarts(), 1);
}

TEST_F(Elastic, IsRestartedWhenTheProgramFails) {
  world_.EndPod(PodOf(2), 1);
  Settle();
  EXPECT_EQ(Restarts(), 1);
  EXPECT_EQ(world_.Status().at("lastFailure").at("exitCode"), 1);
}

TEST_F(Elastic, BeginsANewStartWithAllNodes) {
  Evict(2);
  world_.EndPod(PodOf(1), 1);
  Settle();
  RemoveEnding();
  world_.Advance(seconds(60));
  StartAll();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1, 2));
  for (const int node : Nodes()) EXPECT_EQ(world_.MemberRestarts(PodOf(node)), 0);
  EXPECT_EQ(Size(), 3);
}

TEST_F(Elastic, TakesMoreNodesInAtOnce) {
  Want(5);
  EXPECT_THAT(Nodes(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(world_.Phase(), "Running");
  EXPECT_EQ(Size(), 3);
  EXPECT_EQ(Reason(), "Resized");
  StartAll();
  EXPECT_EQ(Size(), 5);
  EXPECT_EQ(Restarts(), 0);
  EXPECT_THAT(world_.Events(), ElementsAre("Resized", "NodesJoined"));
}

TEST_F(Elastic, LetsTheHighestRanksGo) {
  const std::string others = world_.Uid(PodOf(0)) + world_.Uid(PodOf(1));
  Want(2);
  EXPECT_TRUE(world_.IsEnding(PodOf(2)));
  RemoveEnding();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1));
  EXPECT_EQ(world_.Uid(PodOf(0)) + world_.Uid(PodOf(1)), others);
  EXPECT_EQ(Size(), 2);
  EXPECT_EQ(Restarts(), 0);
  EXPECT_EQ(world_.Phase(), "Running");
  EndAll();
  EXPECT_EQ(world_.Phase(), "Complete");
}

TEST_F(Elastic, KeepsAHighRankAsLongAsALowOneIsLost) {
  Evict(1);
  Want(2);
  EXPECT_THAT(Nodes(), ElementsAre(0, 2));
  EXPECT_FALSE(world_.IsEnding(PodOf(2)));
  world_.Advance(seconds(60));
  Settle();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1, 2));
  StartAll();
  RemoveEnding();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1));
  EXPECT_EQ(world_.Phase(), "Running");
}

TEST_F(Elastic, ANodeThatIsWantedAgainIsNotTheOneThatIsEnding) {
  Want(2);
  ASSERT_TRUE(world_.IsEnding(PodOf(2)));
  world_.Advance(seconds(1));
  Want(3);
  EXPECT_EQ(Reason(), "Resized");
  RemoveEnding();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1, 2));
  EXPECT_EQ(world_.MemberRestarts(PodOf(2)), 1);
  EXPECT_THAT(world_.Events(), ElementsAre("Resized", "Resized"));
}

TEST_F(Elastic, IsResizedWhileItIsSuspended) {
  world_.SetSpec("suspend", true);
  Settle();
  RemoveEnding();
  EXPECT_EQ(world_.Phase(), "Suspended");
  Want(4);
  EXPECT_THAT(world_.PodNames(), IsEmpty());
  world_.SetSpec("suspend", false);
  StartAll();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(Size(), 4);
  EXPECT_EQ(Restarts(), 0);
}

TEST_F(Elastic, IsCompleteWithoutThoseThatWereLost) {
  Evict(1);
  EndAll();
  EXPECT_EQ(world_.Phase(), "Complete");
  EXPECT_THAT(Nodes(), ElementsAre(0, 2));
}

TEST_F(Elastic, GivesUpWhatWaitsWhenOthersHaveSucceeded) {
  Evict(2);
  world_.Advance(seconds(60));
  Settle();
  ASSERT_EQ(world_.PodPhase(PodOf(2)), "Pending");
  world_.EndPod(PodOf(0), 0);
  Settle();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1));
  EXPECT_EQ(Reason(), "Ending");
  world_.Advance(seconds(600));
  Settle();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1)) << "does not grow any more";
  EndAll();
  EXPECT_EQ(world_.Phase(), "Complete");
}

TEST_F(Elastic, GoesOnWhileTheCoolDownIsChanged) {
  Evict(2);
  json policy = world_.Job().at("spec").at("elasticPolicy");
  policy["scaleCooldownSeconds"] = 0;
  world_.SetSpec("elasticPolicy", policy);
  Settle();
  EXPECT_THAT(Nodes(), ElementsAre(0, 1, 2));
  EXPECT_EQ(world_.TrainerHash(PodOf(2)), world_.TrainerHash(PodOf(0)));
}

TEST(ElasticStart, RunsAsSoonAsEnoughNodesDo) {
  const Controller controller = MakeTrainingJobController({});
  ToyWorld world(controller, Spec(4));
  const auto settle = [&] {
    while (world.Pass().writes > 0) {
    }
  };
  settle();
  const auto names = world.PodNames();
  ASSERT_THAT(names, SizeIs(4));
  for (const auto& name : names) {
    if (world.Node(name) == 1 || world.Node(name) == 3) world.StartPod(name);
  }
  settle();
  EXPECT_EQ(world.Phase(), "Starting") << "they meet at node 0";
  for (const auto& name : names) {
    if (world.Node(name) == 0) world.StartPod(name);
  }
  settle();
  EXPECT_EQ(world.Phase(), "Running");
  EXPECT_EQ(world.Status().at("elastic").at("nodes"), 3);
  EXPECT_THAT(world.Status().at("message"),
              testing::Eq("3 of 4 nodes run, of which 2 would be enough; node 2 yet to start"));
}

}  // namespace
}  // namespace slipway::training_job
