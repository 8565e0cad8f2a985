#include <gmock/gmock.h>

#include "controllers/common/image_name.hpp"
#include "controllers/isolation/images.hpp"

namespace slipway::isolation {
namespace {

const std::string kDigest = "@sha256:" + std::string(64, 'a');

TEST(IsolationImages, NamesAreCompletedAsRuntimesDo) {
  EXPECT_EQ(FullName("busybox"), "docker.io/library/busybox");
  EXPECT_EQ(FullName("busybox:1.36"), "docker.io/library/busybox:1.36");
  EXPECT_EQ(FullName("corp/trainer"), "docker.io/corp/trainer");
  EXPECT_EQ(FullName("docker.io/busybox"), "docker.io/library/busybox");
  EXPECT_EQ(FullName("localhost/trainer"), "localhost/trainer");
  EXPECT_EQ(FullName("localhost:5000/trainer"), "localhost:5000/trainer");
  EXPECT_EQ(FullName("registry.corp/ml/trainer:1"), "registry.corp/ml/trainer:1");
}

struct Case {
  std::string image;
  bool allowed;
};

TEST(IsolationImages, OnlyWhatLiesUnderAnAllowedRegistryMayRun) {
  ImageRules rules;
  rules.allowed = {{"registry.corp/ml", "registry.corp:5000"}};
  for (const auto& [image, allowed] : std::initializer_list<Case>{
           {"registry.corp/ml/trainer:1", true},
           {"registry.corp/ml/a/b/c:1", true},
           {"registry.corp:5000/anything", true},
           {"registry.corp/ml/trainer" + kDigest, true},
           {"registry.corp/ml/trainer:1" + kDigest, true},
           {"registry.corp/mlops/trainer:1", false},
           {"registry.corp/trainer", false},
           {"registry.corp.evil.io/ml/trainer", false},
           {"evil.io/registry.corp/ml/trainer", false},
           {"registry.corp:5001/ml/trainer", false},
           {"registry.corp:50001/ml/trainer", false},
           {"Registry.corp/ml/trainer", false},
           {"REGISTRY.CORP/ml/trainer", false},
           {"registry.corp@evil.io/ml/trainer", false},
           {"registry.corp/ml@evil.io/trainer", false},
           {"registry.corp/ml/trainer@sha256:abc", false},
           {"registry.corp/ml/../evil", true},  // No such name: refused by every registry.
           {"registry.corp", false},
           {"ml/trainer", false},
           {"trainer", false},
           {"", false},
       }) {
    EXPECT_EQ(!WhyNotAllowed(image, rules), allowed) << image;
  }
}

TEST(IsolationImages, WithTwoListsAnImageMustBeUnderOneOfEach) {
  ImageRules rules;
  rules.allowed = {{"registry.corp"}, {"registry.corp/ml", "quay.io"}};
  EXPECT_FALSE(WhyNotAllowed("registry.corp/ml/trainer", rules));
  EXPECT_TRUE(WhyNotAllowed("registry.corp/web/trainer", rules));
  EXPECT_TRUE(WhyNotAllowed("quay.io/trainer", rules));
}

TEST(IsolationImages, ADigestHas64HexDigits) {
  ImageRules rules;
  rules.require_digest = true;
  EXPECT_FALSE(WhyNotAllowed("trainer" + kDigest, rules));
  EXPECT_FALSE(WhyNotAllowed("trainer:1" + kDigest, rules));
  EXPECT_TRUE(WhyNotAllowed("trainer:1", rules));
  EXPECT_TRUE(WhyNotAllowed("trainer@sha256:" + std::string(63, 'a'), rules));
  EXPECT_TRUE(WhyNotAllowed("trainer@sha256:" + std::string(65, 'a'), rules));
  EXPECT_TRUE(WhyNotAllowed("trainer@sha256:" + std::string(64, 'A'), rules));
  EXPECT_TRUE(WhyNotAllowed("trainer@sha512:" + std::string(64, 'a'), rules));
  EXPECT_TRUE(WhyNotAllowed("evil@x" + kDigest, rules));
  EXPECT_THAT(*WhyNotAllowed("trainer:1", rules), testing::HasSubstr("kubectl slipway images"));
}

TEST(IsolationImages, TheLongestMirrorCounts) {
  ImageRules rules;
  rules.mirrors = {{"docker.io", "registry.corp/hub"},
                   {"docker.io/library", "registry.corp/official"},
                   {"quay.io/team", "registry.corp/quay"}};
  EXPECT_EQ(Mirrored("busybox:1.36", rules), "registry.corp/official/busybox:1.36");
  EXPECT_EQ(Mirrored("corp/trainer" + kDigest, rules), "registry.corp/hub/corp/trainer" + kDigest);
  EXPECT_EQ(Mirrored("quay.io/team/x", rules), "registry.corp/quay/x");
  EXPECT_EQ(Mirrored("quay.io/teams/x", rules), "quay.io/teams/x");
  EXPECT_EQ(Mirrored("ghcr.io/x", rules), "ghcr.io/x");
}

}  // namespace
}  // namespace slipway::isolation
