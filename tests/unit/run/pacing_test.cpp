#include <gtest/gtest.h>

#include "operator/run/event_series.hpp"
#include "operator/run/status_pacer.hpp"
#include "operator/run/try_again.hpp"
#include "operator/run/write_barrier.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

const ObjectKey kJob{kHomeCluster, "team", "churn"};
constexpr ResourceType kPodType{"", "v1", "Pod", "pods"};
constexpr ResourceType kJobType{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"};

TEST(StatusPacer, HoldsAChangeBackOnceAndThenLetsItThrough) {
  StatusPacer pacer(milliseconds(700));
  const SteadyInstant start{seconds(1)};
  EXPECT_EQ(pacer.Remaining(kJob, start), milliseconds(700));
  EXPECT_EQ(pacer.Remaining(kJob, start + milliseconds(300)), milliseconds(400));
  EXPECT_EQ(pacer.Remaining(kJob, start + milliseconds(700)), milliseconds(0));
  pacer.Settled(kJob);
  EXPECT_EQ(pacer.Remaining(kJob, start + seconds(2)), milliseconds(700));
}

class WriteBarrierTest : public ::testing::Test {
 protected:
  bool Passed(std::uint64_t seen, SteadyInstant now) {
    return barrier_.Passed(kJob, now, [seen](const auto& mark) { return mark.version <= seen; });
  }
  WriteBarrier barrier_{seconds(3)};
  SteadyInstant start_{seconds(1)};
};

TEST_F(WriteBarrierTest, WaitsForTheHighestVersionOfEachKind) {
  barrier_.Wrote(kJob, {kHomeCluster, kPodType, "team", 10}, start_);
  barrier_.Wrote(kJob, {kHomeCluster, kPodType, "team", 12}, start_);
  EXPECT_FALSE(Passed(11, start_));
  EXPECT_TRUE(Passed(12, start_));
  EXPECT_TRUE(Passed(0, start_));
}

TEST_F(WriteBarrierTest, GivesUpWaitingWhenPatienceIsOver) {
  barrier_.Wrote(kJob, {kHomeCluster, kPodType, "team", 10}, start_);
  EXPECT_FALSE(Passed(0, start_ + seconds(3)));
  EXPECT_TRUE(Passed(0, start_ + milliseconds(3001)));
}

TEST_F(WriteBarrierTest, AWriteWithoutAComparableVersionIsNotWaitedFor) {
  barrier_.Wrote(kJob, {kHomeCluster, kPodType, "team", 0}, start_);
  EXPECT_TRUE(Passed(0, start_));
}

TEST_F(WriteBarrierTest, ForgetsAnOwnerThatIsGone) {
  barrier_.Wrote(kJob, {kHomeCluster, kPodType, "team", 10}, start_);
  barrier_.Forget(kJob);
  EXPECT_TRUE(Passed(0, start_));
}

WriteFailure Failed(Code code, milliseconds retry_after = {}, bool foreign = false) {
  return {kPodType, kJob, Error{code, "", retry_after}, foreign};
}

TEST(WaitUntil, IsNeitherNothingNorSoLongThatAClockThatIsSetMatters) {
  const Instant now{seconds(1000)};
  EXPECT_EQ(WaitUntil(now + seconds(7), now), seconds(7));
  EXPECT_EQ(WaitUntil(now, now), milliseconds(100));
  EXPECT_EQ(WaitUntil(now - minutes(3), now), milliseconds(100));
  EXPECT_EQ(WaitUntil(now + minutes(3000), now), minutes(10));
}

TEST(TryAgain, OnlyWhatTheUserMustChangeIsNotTriedAgain) {
  EXPECT_EQ(TryAgain({}), std::nullopt);
  EXPECT_EQ(TryAgain({Failed(Code::kInvalid)}), std::nullopt);
  EXPECT_EQ(TryAgain({Failed(Code::kInvalid), Failed(Code::kForbidden)}), milliseconds(0));
}

TEST(TryAgain, ANameHeldByAForeignObjectMayBecomeFree) {
  EXPECT_EQ(TryAgain({Failed(Code::kAlreadyExists, {}, true)}), milliseconds(0));
}

TEST(TryAgain, WaitsForTheLongestHint) {
  const std::vector failures = {Failed(Code::kThrottled, seconds(2)), Failed(Code::kConflict),
                                Failed(Code::kUnavailable, seconds(5))};
  EXPECT_EQ(TryAgain(failures), seconds(5));
}

class EventSeriesTest : public ::testing::Test {
 protected:
  EventSeries series_{"slipway-0"};
  Owner owner_{kJobType, kJob, "uid-1", 1};
  Instant now_{seconds(1000)};
};

TEST_F(EventSeriesTest, TheFirstIsCreatedWithAllThatKubectlShows) {
  const auto first =
      series_.Decide(owner_, {EmitEvent::Type::kWarning, "Restarting", "Restart", "why"}, now_);
  ASSERT_TRUE(first.create);
  EXPECT_EQ(first.key.ns, "team");
  EXPECT_EQ(first.body["type"], "Warning");
  EXPECT_EQ(first.body["regarding"]["uid"], "uid-1");
  EXPECT_EQ(first.body["reportingController"], "slipway.dev/operator");
}

TEST_F(EventSeriesTest, OfWhatIsInNoNamespaceItIsInTheDefaultOne) {
  owner_.key.ns.clear();
  const auto decision = series_.Decide(owner_, {EmitEvent::Type::kNormal, "R", "A", "n"}, now_);
  EXPECT_EQ(decision.key.ns, "default");
  EXPECT_EQ(decision.body["metadata"]["namespace"], "default");
  EXPECT_EQ(decision.body["regarding"]["namespace"], "");
}

TEST_F(EventSeriesTest, TheSameAgainCountsUpAndAnotherDoesNot) {
  const EmitEvent event{EmitEvent::Type::kNormal, "Complete", "Finish", "done"};
  const auto first = series_.Decide(owner_, event, now_);
  const auto second = series_.Decide(owner_, event, now_ + minutes(1));
  EXPECT_FALSE(second.create);
  EXPECT_EQ(second.key, first.key);
  EXPECT_EQ(second.body["series"]["count"], 2);
  EXPECT_TRUE(
      series_.Decide(owner_, {event.type, event.reason, event.action, "other"}, now_).create);
}

TEST_F(EventSeriesTest, AfterTheWindowANewEventIsMade) {
  const EmitEvent event{EmitEvent::Type::kNormal, "Complete", "Finish", "done"};
  const auto first = series_.Decide(owner_, event, now_);
  const auto later = series_.Decide(owner_, event, now_ + minutes(7));
  EXPECT_TRUE(later.create);
  EXPECT_NE(later.key, first.key);
}

TEST_F(EventSeriesTest, ANoteIsCutAtTheServersLimitWithoutBreakingACharacter) {
  std::string note(1020, 'a');
  note += "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9";
  const auto decision = series_.Decide(owner_, {EmitEvent::Type::kNormal, "R", "A", note}, now_);
  const std::string cut = decision.body["note"];
  EXPECT_LE(cut.size(), 1024u);
  EXPECT_NO_THROW(decision.body.dump());
}

TEST_F(EventSeriesTest, ANameThatIsCutStaysAValidOne) {
  owner_.key.name = std::string(198, 'a') + "-.tail";
  const auto decision = series_.Decide(owner_, {EmitEvent::Type::kNormal, "R", "A", "n"}, now_);
  EXPECT_TRUE(decision.key.name.starts_with(std::string(198, 'a') + "."));
  EXPECT_EQ(decision.key.name.find("-."), std::string::npos);
}

TEST_F(EventSeriesTest, WhatCouldNotBeSentIsSentAnewAsAWhole) {
  const EmitEvent event{EmitEvent::Type::kNormal, "Complete", "Finish", "done"};
  series_.Forget(series_.Decide(owner_, event, now_));
  EXPECT_TRUE(series_.Decide(owner_, event, now_ + minutes(1)).create);
}

}  // namespace
}  // namespace slipway
