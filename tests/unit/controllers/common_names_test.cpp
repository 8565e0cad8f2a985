#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"

namespace slipway {
namespace {

using testing::StartsWith;

bool IsDnsLabel(const std::string& name) {
  // RFC 1035, which a Service's name obeys.
  return name.size() <= 63 && std::regex_match(name, std::regex("[a-z]([-a-z0-9]*[a-z0-9])?"));
}

TEST(ChildName, IsReadableInFrontAndUniqueBehind) {
  const std::string name = ChildName("churn", "uid-1", "node-0");
  EXPECT_THAT(name, StartsWith("churn-node-0-"));
  EXPECT_EQ(name.size(), std::string("churn-node-0-").size() + 8);
}

TEST(ChildName, DependsOnOwnerUidAndRoleOnly) {
  EXPECT_EQ(ChildName("churn", "uid-1", "node-0"), ChildName("churn", "uid-1", "node-0"));
  EXPECT_NE(ChildName("churn", "uid-1", "node-0"), ChildName("churn", "uid-2", "node-0"));
  EXPECT_NE(ChildName("churn", "uid-1", "node-0"), ChildName("churn", "uid-1", "node-1"));
}

TEST(ChildName, IsADnsLabelForEveryNameThatACustomResourceMayHave) {
  const std::string longest = std::string(250, 'a') + ".b";
  for (const std::string& owner :
       {std::string("churn"), std::string("2024.churn"), longest, std::string("a"),
        std::string(40, 'a') + "." + std::string(40, '-')}) {
    EXPECT_TRUE(IsDnsLabel(ChildName(owner, "uid", "node-999-r100"))) << owner;
  }
}

TEST(ChildName, OfTwoLongNamesThatAreCutAlikeDiffersByUid) {
  const std::string front(100, 'a');
  EXPECT_NE(ChildName(front + "1", "uid-1", "nodes"), ChildName(front + "2", "uid-2", "nodes"));
}

TEST(ChildKey, IsBesideItsOwner) {
  const ObjectKey owner{{"burst"}, "team-a", "churn"};
  EXPECT_EQ(ChildKey(owner, "x"), (ObjectKey{{"burst"}, "team-a", "x"}));
}

TEST(LabelValue, IsCutToWhatALabelMayHold) {
  EXPECT_EQ(LabelValue("churn"), "churn");
  EXPECT_EQ(LabelValue(std::string(70, 'a')), std::string(63, 'a'));
  EXPECT_EQ(LabelValue(std::string(62, 'a') + ".b"), std::string(62, 'a'));
}

class IsChildOfTest : public testing::Test {
 protected:
  const ObjectKey owner_key_{kHomeCluster, "team-a", "churn"};
  const ObjectKey beside_{kHomeCluster, "team-a", "pod"};
  ObjectMeta owner_;
  ObjectMeta child_;

  void SetUp() override {
    owner_.uid = "uid-1";
    child_.labels[std::string(labels::kOwnerUid)] = "uid-1";
    child_.owner = OwnerRef{"TrainingJob", "churn", "uid-1"};
  }
};

TEST_F(IsChildOfTest, BesideItsOwnerTheReferenceDecides) {
  EXPECT_TRUE(IsChildOf(beside_, child_, owner_key_, owner_));
  child_.owner->uid = "uid-2";
  EXPECT_FALSE(IsChildOf(beside_, child_, owner_key_, owner_)) << "another owner";
  child_.owner.reset();
  EXPECT_FALSE(IsChildOf(beside_, child_, owner_key_, owner_)) << "only the label was copied";
}

TEST_F(IsChildOfTest, ElsewhereTheLabelDecides) {
  child_.owner.reset();
  EXPECT_TRUE(IsChildOf({{"burst"}, "team-a", "pod"}, child_, owner_key_, owner_));
  EXPECT_TRUE(IsChildOf({kHomeCluster, "other", "pod"}, child_, owner_key_, owner_));
  child_.labels.clear();
  EXPECT_FALSE(IsChildOf({{"burst"}, "team-a", "pod"}, child_, owner_key_, owner_));
}

TEST(ChildLabels, AreTheRecommendedOnesAndTheRole) {
  ObjectMeta owner;
  owner.name = "churn";
  EXPECT_THAT(ChildLabels("training-job", owner, "node"),
              testing::UnorderedElementsAre(testing::Pair("app.kubernetes.io/name", "training-job"),
                                            testing::Pair("app.kubernetes.io/instance", "churn"),
                                            testing::Pair("app.kubernetes.io/component", "node"),
                                            testing::Pair("app.kubernetes.io/part-of", "slipway"),
                                            testing::Pair("slipway.dev/role", "node")));
}

}  // namespace
}  // namespace slipway
