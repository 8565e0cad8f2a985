#include <gtest/gtest.h>

#include "operator/cli/commands.hpp"
#include "operator/cli/read_world.hpp"

namespace slipway::cli {
namespace {

TEST(Target, HasTheSpellingsOfKubectl) {
  for (const char* text :
       {"tj/churn", "TrainingJob/churn", "trainingjobs/churn", "trainingjobs.slipway.dev/churn",
        "trainingjobs.v1alpha1.slipway.dev/churn"}) {
    const auto target = ParseTarget(text);
    ASSERT_TRUE(target) << text;
    EXPECT_EQ(target->type.kind, "TrainingJob");
    EXPECT_EQ(target->name, "churn");
  }
  EXPECT_EQ(ParseTarget("md/x")->type.plural, "modeldeployments");
  EXPECT_EQ(ParseTarget("tt/x")->type.plural, "trainingtriggers");
  EXPECT_EQ(ParseTarget("dm/x")->type.plural, "driftmonitors");
}

TEST(Target, ThatIsNoneIsRefusedWithWhatThereIs) {
  for (const char* text : {"", "tj", "tj/", "/churn", "pod/churn", "tj/a/b", "churn"}) {
    const auto target = ParseTarget(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().message.find(text), 0U);
    EXPECT_NE(target.error().message.find("such as tj/churn"), std::string::npos);
  }
}

TEST(Plugin, IsKnownByItsName) {
  EXPECT_TRUE(IsPlugin("/usr/local/bin/kubectl-slipway"));
  EXPECT_TRUE(IsPlugin("kubectl-slipway"));
  EXPECT_FALSE(IsPlugin("/slipway"));
  EXPECT_FALSE(IsPlugin("kubectl-slipway/slipway"));
}

}  // namespace
}  // namespace slipway::cli
