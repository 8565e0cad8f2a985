#include "operator/cli/fit.hpp"

#include <gmock/gmock.h>

namespace slipway::cli {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

json Spec(const json& requests) {
  return {{"containers", json::array({{{"resources", {{"requests", requests}}}}})}};
}

json Node(const char* name, const json& allocatable, const json& labels = json::object()) {
  return {{"metadata", {{"name", name}, {"labels", labels}}},
          {"status", {{"allocatable", allocatable}}}};
}

TEST(Requests, AddContainersAndTakeTheLargestOfInitContainersAndOverhead) {
  const json spec = json::parse(R"({
    "containers": [{"resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}},
                   {"resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "gpu": 1}}}],
    "initContainers": [{"resources": {"requests": {"cpu": "1", "memory": "4Gi"}}}],
    "overhead": {"cpu": "250m"}})");
  const Amounts requests = RequestsOf(spec);
  EXPECT_DOUBLE_EQ(requests.at("cpu").value, 1.75);
  EXPECT_DOUBLE_EQ(requests.at("memory").value, 4.0 * (1U << 30U));
  EXPECT_EQ(requests.at("memory").text, "4Gi");
  EXPECT_EQ(requests.at("gpu").text, "1");
}

TEST(NeverFits, NamesTheLargestNode) {
  EXPECT_THAT(
      WhyNeverFits(Spec({{"cpu", "8"}}), 1, {Node("a", {{"cpu", "4"}}), Node("b", {{"cpu", "6"}})}),
      ElementsAre("no node has 8 cpu, which each pod asks for; the largest, b, has 6"));
}

TEST(NeverFits, NamesADeviceThatNobodyHas) {
  EXPECT_THAT(WhyNeverFits(Spec({{"nvidia.com/gpu", "1"}}), 1, {Node("a", {{"cpu", "4"}})}),
              ElementsAre("no node has any nvidia.com/gpu, of which each pod asks for 1"));
}

TEST(NeverFits, SeesWhatNoNodeHasTogether) {
  EXPECT_THAT(WhyNeverFits(Spec({{"cpu", "8"}, {"gpu", "1"}}), 1,
                           {Node("a", {{"cpu", "8"}}), Node("b", {{"cpu", "1"}, {"gpu", "4"}})}),
              ElementsAre("no node has cpu 8, gpu 1 at the same time, which each pod asks for"));
}

TEST(NeverFits, CountsTheRoomOfAllNodes) {
  const std::vector<json> nodes{Node("a", {{"cpu", "8"}}), Node("b", {{"cpu", "4"}})};
  EXPECT_THAT(WhyNeverFits(Spec({{"cpu", "4"}}), 3, nodes), IsEmpty());
  EXPECT_THAT(WhyNeverFits(Spec({{"cpu", "4"}}), 4, nodes),
              ElementsAre("all nodes together, were they empty, have room for 3 such pods; 4 must "
                          "run at the same time"));
  EXPECT_THAT(WhyNeverFits(json::object(), 3, {Node("a", {{"pods", "2"}})}),
              ElementsAre("all nodes together, were they empty, have room for 2 such pods; 3 must "
                          "run at the same time"));
}

TEST(NeverFits, LooksOnlyAtNodesThatAreAllowed) {
  json spec = Spec({{"cpu", "4"}});
  spec["nodeSelector"] = {{"gpu", "a100"}};
  const json large = Node("large", {{"cpu", "8"}});
  const json small = Node("small", {{"cpu", "2"}}, {{"gpu", "a100"}});
  EXPECT_THAT(WhyNeverFits(spec, 1, {large}),
              ElementsAre("no node has the labels of the nodeSelector: gpu=a100"));
  EXPECT_THAT(WhyNeverFits(spec, 1, {large, small}),
              ElementsAre("no node has 4 cpu, which each pod asks for; the largest, small, has 2"));
  EXPECT_THAT(WhyNeverFits(spec, 1, {}), ElementsAre("the cluster has no node"));
}

TEST(NeverFits, SaysNothingAboutWhatItCannotRead) {
  EXPECT_THAT(WhyNeverFits(Spec({{"cpu", "much"}}), 1, {Node("a", {{"cpu", "4"}})}), IsEmpty());
  EXPECT_THAT(WhyNeverFits("nonsense", 1, {Node("a", "nonsense")}), IsEmpty());
}

json Quota(const json& hard) { return {{"metadata", {{"name", "q"}}}, {"spec", {{"hard", hard}}}}; }

TEST(QuotaNeverFits, ComparesTheWholeJobWithEachBound) {
  json spec = Spec({{"cpu", "2"}, {"memory", "4Gi"}});
  spec["containers"][0]["resources"]["limits"] = {{"cpu", "4"}};
  EXPECT_THAT(
      WhyQuotaNeverFits(spec, 2, {Quota({{"cpu", "4"}, {"limits.cpu", "8"}, {"pods", "2"}})}),
      IsEmpty());
  EXPECT_THAT(
      WhyQuotaNeverFits(
          spec, 4, {Quota({{"requests.memory", "8Gi"}, {"limits.cpu", "8"}, {"count/pods", 3}})}),
      ElementsAre(
          "ResourceQuota q allows 3 count/pods in all; 4 pods of this object need 4",
          "ResourceQuota q allows 8 limits.cpu in all; 4 pods of this object need 16",
          "ResourceQuota q allows 8Gi requests.memory in all; 4 pods of this object need 16Gi"));
}

TEST(QuotaNeverFits, LeavesOutQuotasThatMayBeAboutOtherPods) {
  json scoped = Quota({{"pods", "1"}});
  scoped["spec"]["scopes"] = {"BestEffort"};
  EXPECT_THAT(WhyQuotaNeverFits(Spec({}), 2, {scoped}), IsEmpty());
}

}  // namespace
}  // namespace slipway::cli
