#include <gmock/gmock.h>

#include "controllers/common/fit.hpp"

namespace slipway {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Machine MakeMachine(const char* name, Amounts free) {
  NodeView node;
  node.allocatable = free;
  return {name, {}, std::move(node), std::move(free)};
}

PodNeeds Needs(Amounts requests) {
  PodNeeds needs;
  needs.requests = std::move(requests);
  return needs;
}

TEST(Place, FillsMachineAfterMachineAndTakesWhatIsNeeded) {
  std::vector<Machine> machines{MakeMachine("a", {{"cpu", 3500}}),
                                MakeMachine("b", {{"cpu", 1000}})};
  EXPECT_EQ(Place(Needs({{"cpu", 1000}}), 4, machines), 4);
  EXPECT_EQ(machines[0].free["cpu"], 500);
  EXPECT_EQ(machines[1].free["cpu"], 0);
  EXPECT_EQ(Place(Needs({{"cpu", 500}}), 2, machines), 1);
}

TEST(Place, TenTenthsAreAWhole) {
  std::vector<Machine> machines{MakeMachine("a", {{"cpu", 1000}})};
  EXPECT_EQ(Place(Needs({{"cpu", 100}}), 10, machines), 10);
}

TEST(Place, WhatAMachineLacksItHasNoRoomFor) {
  std::vector<Machine> machines{MakeMachine("a", {{"cpu", 1000}})};
  EXPECT_EQ(Place(Needs({{"nvidia.com/gpu", 1000}}), 1, machines), 0);
}

TEST(Place, WhatIsTakenTwiceLeavesLessThanNothing) {
  std::vector<Machine> machines{MakeMachine("a", {{"cpu", 1000}})};
  TakeFrom(machines[0].free, {{"cpu", 3000}});
  EXPECT_EQ(machines[0].free["cpu"], -2000);
  EXPECT_EQ(Place(Needs({{"cpu", 1000}}), 1, machines), 0);
}

TEST(Place, AmountsBeyondAllBoundsDoNotOverflow) {
  constexpr std::int64_t kHuge = 9'000'000'000'000'000'000;
  std::vector<Machine> machines{MakeMachine("a", {{"cpu", kHuge}})};
  TakeFrom(machines[0].free, {{"cpu", kHuge}}, 1000);
  TakeFrom(machines[0].free, {{"cpu", kHuge}}, 1000);
  EXPECT_EQ(Place(Needs({{"cpu", kHuge}}), 1000, machines), 0);
}

TEST(Admits, ReadsLabelsTaintsAndCordons) {
  Machine machine = MakeMachine("a", {});
  machine.labels = {{"zone", "x"}};
  PodNeeds needs;
  EXPECT_TRUE(Admits(machine, needs));
  needs.node_selector = {{"zone", "y"}};
  EXPECT_FALSE(Admits(machine, needs));
  needs.node_selector = {{"zone", "x"}};
  EXPECT_TRUE(Admits(machine, needs));
  needs.avoids = {"a"};
  EXPECT_FALSE(Admits(machine, needs));
  needs.avoids = {"b"};
  machine.node.unschedulable = true;
  EXPECT_FALSE(Admits(machine, needs));
}

struct TaintCase {
  const char* why;
  Toleration toleration;
  bool admits;
};

TEST(Admits, ATolerationFitsATaint) {
  Machine machine = MakeMachine("a", {});
  machine.node.taints = {{"gpu", "a", "NoSchedule"}};
  const std::vector<TaintCase> cases{
      {"the same key and value", {"gpu", "a", "", false}, true},
      {"another value", {"gpu", "b", "", false}, false},
      {"any value", {"gpu", "", "", true}, true},
      {"every key", {"", "", "", true}, true},
      {"another key", {"cpu", "a", "", false}, false},
      {"another effect", {"gpu", "a", "NoExecute", false}, false},
      {"the same effect", {"gpu", "a", "NoSchedule", false}, true},
  };
  for (const auto& item : cases) {
    PodNeeds needs;
    needs.tolerations = {item.toleration};
    EXPECT_EQ(Admits(machine, needs), item.admits) << item.why;
  }
}

TEST(NeverFits, WhatPassesDoesNotCountAndWhatStaysDoes) {
  Machine machine = MakeMachine("a", {{"cpu", 4000}});
  machine.node.unschedulable = true;
  machine.node.taints = {{"node.kubernetes.io/not-ready", "", "NoSchedule"}};
  EXPECT_THAT(WhyNeverFits(Needs({{"cpu", 1000}}), 4, {machine}), IsEmpty());
  machine.node.taints.push_back({"gpu", "a", "NoSchedule"});
  EXPECT_THAT(WhyNeverFits(Needs({{"cpu", 1000}}), 4, {machine}),
              ElementsAre("every node that may take the pods is avoided by the job or has a taint "
                          "that they do not tolerate"));
}

TEST(WriteAmount, AsPeopleDo) {
  EXPECT_EQ(WriteAmount(2000), "2");
  EXPECT_EQ(WriteAmount(1500), "1500m");
  EXPECT_EQ(WriteAmount(std::int64_t{8} * (1 << 30) * 1000), "8Gi");
  EXPECT_EQ(WriteAmount(std::int64_t{512} * (1 << 20) * 1000), "512Mi");
}

}  // namespace
}  // namespace slipway
