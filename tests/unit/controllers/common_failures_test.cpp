#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/common/conditions.hpp"
#include "controllers/common/failures.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace {

using testing::HasSubstr;

WriteFailure Failed(Code code, const std::string& message, bool foreign = false) {
  return {kPods.type, {kHomeCluster, "team-a", "pod-1"}, {code, message, {}}, foreign};
}

TEST(ExplainFailures, GivesNothingForNoFailures) {
  EXPECT_FALSE(ExplainFailures({}, "InvalidPodTemplate"));
}

TEST(ExplainFailures, NamesAForeignObjectAndTheWayOut) {
  const auto problem =
      ExplainFailures({Failed(Code::kAlreadyExists, "exists", true)}, "InvalidPodTemplate");
  EXPECT_EQ(problem->reason, "NameConflict");
  EXPECT_TRUE(problem->stalled);
  EXPECT_THAT(problem->message, HasSubstr("Pod team-a/pod-1"));
  EXPECT_THAT(problem->message, HasSubstr("delete or rename it"));
}

TEST(ExplainFailures, PassesOnWhatTheServerSaysAboutAnInvalidChild) {
  const auto problem =
      ExplainFailures({Failed(Code::kInvalid, "spec.x: must be y")}, "InvalidPodTemplate");
  EXPECT_EQ(problem->reason, "InvalidPodTemplate");
  EXPECT_TRUE(problem->stalled);
  EXPECT_THAT(problem->message, HasSubstr("spec.x: must be y"));
}

TEST(ExplainFailures, TellsQuotaFromMissingRights) {
  const auto quota = ExplainFailures(
      {Failed(Code::kForbidden, "pods \"p\" is forbidden: exceeded quota: q")}, "X");
  EXPECT_EQ(quota->reason, "QuotaExceeded");
  EXPECT_FALSE(quota->stalled) << "room may be made at any time";
  const auto rights = ExplainFailures({Failed(Code::kForbidden, "cannot create pods")}, "X");
  EXPECT_EQ(rights->reason, "Forbidden");
  EXPECT_THAT(rights->message, HasSubstr("RBAC rules for pods"));
}

TEST(ExplainFailures, NamesAKindThatTheClusterDoesNotHave) {
  const auto problem = ExplainFailures({Failed(Code::kKindNotServed, "404 page not found")}, "X");
  EXPECT_EQ(problem->reason, "KindNotServed");
  EXPECT_FALSE(problem->stalled) << "it may be installed at any time";
  EXPECT_THAT(problem->message, HasSubstr("no kind Pod of v1, so team-a/pod-1 cannot be made"));
}

TEST(ExplainFailures, KnowsANamespaceThatGoes) {
  const auto problem = ExplainFailures({Failed(Code::kTerminating, "forbidden")}, "X");
  EXPECT_EQ(problem->reason, "NamespaceTerminating");
  EXPECT_FALSE(problem->stalled);
}

TEST(ExplainFailures, PrefersWhatOnlyTheUserCanChange) {
  const auto problem = ExplainFailures(
      {Failed(Code::kUnavailable, "refused"), Failed(Code::kInvalid, "spec.x: must be y")}, "X");
  EXPECT_EQ(problem->reason, "X");
}

TEST(ExplainFailures, SaysThatAPassingFailureIsTriedAgain) {
  const auto problem = ExplainFailures({Failed(Code::kTimeout, "no answer")}, "X");
  EXPECT_EQ(problem->reason, "WriteFailed");
  EXPECT_FALSE(problem->stalled);
  EXPECT_THAT(problem->message, HasSubstr("tried again"));
}

std::vector<api::Condition> Reconciling(const std::string& reason, const std::string& message) {
  std::vector<api::Condition> conditions;
  ConditionWriter(conditions, 1, Instant{}).Set(condition::kReconciling, true, reason, message);
  return conditions;
}

TEST(BarredEvent, TellsOnceWhatBarsTheWay) {
  for (const auto* reason : {"Forbidden", "QuotaExceeded", "WriteFailed"}) {
    const auto barred = Reconciling(reason, "tried again");
    const auto event = BarredEvent(Reconciling("Starting", "2 of 2"), barred);
    ASSERT_TRUE(event) << reason;
    EXPECT_EQ(event->reason, reason);
    EXPECT_EQ(event->note, "tried again");
    EXPECT_EQ(event->type, EmitEvent::Type::kWarning);
    EXPECT_FALSE(event->urgent) << "it may pass in a moment";
    EXPECT_TRUE(BarredEvent({}, barred)) << "a new resource has no conditions";
    EXPECT_FALSE(BarredEvent(barred, Reconciling(reason, "other words"))) << "it is known";
  }
}

TEST(BarredEvent, HasNothingToSayOfAnOpenWay) {
  EXPECT_FALSE(BarredEvent({}, {}));
  EXPECT_FALSE(BarredEvent(Reconciling("Forbidden", "x"), Reconciling("Starting", "y")));
  EXPECT_FALSE(BarredEvent({}, Reconciling("NamespaceTerminating", "where no Event can be made")));
}

TEST(BarredEvent, TellsOfAnotherReason) {
  EXPECT_TRUE(BarredEvent(Reconciling("WriteFailed", "x"), Reconciling("QuotaExceeded", "y")));
}

}  // namespace
}  // namespace slipway
