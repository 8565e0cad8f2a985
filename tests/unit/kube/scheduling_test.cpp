#include "operator/kube/scheduling.hpp"

#include <gmock/gmock.h>

#include "operator/kube/workloads.hpp"

namespace slipway {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::SizeIs;

PodNeeds Decode(const char* spec) {
  JsonParser parser;
  return DecodePodNeeds(*parser.Parse(spec));
}

TEST(PodNeeds, AddUpAsTheSchedulerDoes) {
  const PodNeeds needs = Decode(R"({
    "containers": [{"resources": {"requests": {"cpu": "500m"}, "limits": {"nvidia.com/gpu": "1"}}},
                   {"resources": {"requests": {"cpu": "1", "memory": "1Ki"}}}],
    "initContainers": [
      {"resources": {"requests": {"cpu": "100m"}}, "restartPolicy": "Always"},
      {"resources": {"requests": {"cpu": "1700m"}}}],
    "overhead": {"cpu": "250m"}})");
  // 1500m + 100m of the sidecar is less than 1700m + 100m at the start.
  EXPECT_THAT(needs.requests, ElementsAre(Pair("cpu", 2050), Pair("memory", 1'024'000),
                                          Pair("nvidia.com/gpu", 1000), Pair("pods", 1000)));
}

TEST(PodNeeds, WhatIsSetForThePodTakesThePlaceOfTheSum) {
  const PodNeeds needs = Decode(R"({
    "containers": [{"resources": {"requests": {"cpu": "3"}}}],
    "resources": {"requests": {"cpu": "2"}}})");
  EXPECT_THAT(needs.requests, ElementsAre(Pair("cpu", 2000), Pair("pods", 1000)));
}

TEST(PodNeeds, GatesPriorityAndPlacement) {
  const PodNeeds needs = Decode(R"({
    "priority": 7, "nodeSelector": {"zone": "x"},
    "schedulingGates": [{"name": "a"}, {"name": "b"}],
    "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
      {"nodeSelectorTerms": [{"matchFields": [
        {"key": "metadata.name", "operator": "NotIn", "values": ["m1"]}]}]}}}})");
  EXPECT_EQ(needs.priority, 7);
  EXPECT_THAT(needs.gates, ElementsAre("a", "b"));
  EXPECT_THAT(needs.node_selector, ElementsAre(Pair("zone", "x")));
  EXPECT_THAT(needs.avoids, ElementsAre("m1"));
  ASSERT_THAT(needs.tolerations, SizeIs(1));
  EXPECT_TRUE(needs.tolerations.front().exists);
}

TEST(PodNeeds, GarbageIsAbsent) {
  const PodNeeds needs = Decode(R"({"containers": [{"resources": {"requests": {"cpu": "x"}}}, 3],
    "priority": 99999999999, "nodeSelector": 1, "schedulingGates": {}, "tolerations": "all"})");
  EXPECT_THAT(needs.requests, ElementsAre(Pair("pods", 1000)));
  EXPECT_EQ(needs.priority, 0);
}

TEST(DecodeNode, ReadsWhatThereIsAndWhoMayComeIn) {
  JsonParser parser;
  const auto node = DecodeNode(*parser.Parse(R"({
    "spec": {"unschedulable": true, "taints": [
      {"key": "a", "value": "b", "effect": "NoSchedule"}, {"key": "c", "effect": "PreferNoSchedule"}]},
    "status": {"allocatable": {"cpu": "3920m", "pods": "64"}}})"));
  EXPECT_TRUE(node.unschedulable);
  EXPECT_THAT(node.taints, SizeIs(1));
  EXPECT_THAT(node.allocatable, ElementsAre(Pair("cpu", 3920), Pair("pods", 64000)));
}

TEST(DecodePodInFull, KeepsLittleOfOthersAndNothingOfWhatHasEnded) {
  JsonParser parser;
  const auto stranger = DecodePodInFull(*parser.Parse(R"({"metadata": {"labels": {"a": "b"}},
    "spec": {"nodeName": "m", "containers": [{"resources": {"requests": {"cpu": "1"}}}]},
    "status": {"phase": "Running", "podIP": "10.0.0.1",
               "conditions": [{"type": "Odd", "status": "True"}]}})"));
  ASSERT_TRUE(stranger && stranger->needs);
  EXPECT_EQ(stranger->node_name, "m");
  EXPECT_EQ(stranger->ip, "");
  EXPECT_THAT(stranger->conditions, SizeIs(0));
  const auto ended =
      DecodePodInFull(*parser.Parse(R"({"spec": {}, "status": {"phase": "Failed"}})"));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->needs, nullptr);
}

}  // namespace
}  // namespace slipway
