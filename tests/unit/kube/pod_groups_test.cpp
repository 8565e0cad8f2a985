#include "operator/kube/pod_groups.hpp"

#include <gtest/gtest.h>

namespace slipway {
namespace {

PodGroupView Decode(std::string_view json) {
  JsonParser parser;
  return DecodePodGroup(parser.Parse(json).value()).value();
}

TEST(DecodePodGroup, ReadsWhatVolcanoSays) {
  const PodGroupView group = Decode(R"({"spec": {"minMember": 4}, "status": {"phase": "Inqueue",
      "conditions": [{"type": "Scheduled", "status": "True", "message": "ready"},
                     {"type": "Unschedulable", "status": "True", "message": "4 Pending"}]}})");
  EXPECT_EQ(group.min_member, 4);
  EXPECT_EQ(group.phase, "Inqueue");
  EXPECT_EQ(group.unschedulable, "4 Pending");
}

TEST(DecodePodGroup, DoesNotKeepWhatHoldsNoMore) {
  EXPECT_EQ(Decode(R"({"status": {"conditions": [
      {"type": "Unschedulable", "status": "False", "message": "4 Pending"}]}})")
                .unschedulable,
            "");
}

TEST(DecodePodGroup, TakesGarbageForNothing) {
  const PodGroupView group = Decode(
      R"({"spec": {"minMember": 99999999999}, "status": {"phase": 7, "conditions": "none"}})");
  EXPECT_EQ(group.min_member, 0);
  EXPECT_EQ(group.phase, "");
  JsonParser parser;
  EXPECT_FALSE(DecodePodGroup(parser.Parse("[]").value()));
}

}  // namespace
}  // namespace slipway
