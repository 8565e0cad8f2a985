#include "operator/run/lease.hpp"

#include <gtest/gtest.h>

namespace slipway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = LeaseElection::Step::Kind;

constexpr LeaseTimes kTimes{seconds(10), seconds(7), seconds(2), milliseconds(500)};

class LeaseTest : public ::testing::Test {
 protected:
  LeaseRecord HeldBy(const std::string& holder, const std::string& version) {
    LeaseRecord lease;
    lease.holder = holder;
    lease.resource_version.text = version;
    lease.duration = seconds(10);
    lease.transitions = 3;
    lease.acquire_time = "2026-01-01T00:00:00.000000Z";
    return lease;
  }
  LeaseElection::Step Read(const std::optional<LeaseRecord>& lease) {
    return election_.OnRead(lease, Instant(seconds(1000)), steady_);
  }

  LeaseElection election_{"me", kTimes};
  SteadyInstant steady_{seconds(100)};
};

TEST_F(LeaseTest, AnAbsentLeaseIsCreated) {
  const auto step = Read(std::nullopt);
  EXPECT_EQ(step.kind, Kind::kCreate);
  EXPECT_EQ(step.spec["holderIdentity"], "me");
  EXPECT_EQ(step.spec["leaseDurationSeconds"], 10);
}

TEST_F(LeaseTest, AHeldLeaseIsLeftAloneUntilItHasNotMovedForItsDuration) {
  EXPECT_EQ(Read(HeldBy("other", "5")).kind, Kind::kWait);
  steady_ += seconds(9);
  EXPECT_EQ(Read(HeldBy("other", "5")).kind, Kind::kWait);
  steady_ += seconds(1);
  const auto step = Read(HeldBy("other", "5"));
  EXPECT_EQ(step.kind, Kind::kUpdate);
  EXPECT_EQ(step.resource_version.text, "5");
  EXPECT_EQ(step.spec["leaseTransitions"], 4);
}

TEST_F(LeaseTest, ARenewalByTheHolderStartsTheWaitAnew) {
  Read(HeldBy("other", "5"));
  steady_ += seconds(9);
  EXPECT_EQ(Read(HeldBy("other", "6")).kind, Kind::kWait);
  steady_ += seconds(9);
  EXPECT_EQ(Read(HeldBy("other", "6")).kind, Kind::kWait);
}

TEST_F(LeaseTest, AReleasedLeaseIsTakenAtOnce) {
  EXPECT_EQ(Read(HeldBy("", "5")).kind, Kind::kUpdate);
}

TEST_F(LeaseTest, TheHoldersOwnDurationIsHonouredWhenItIsLonger) {
  auto lease = HeldBy("other", "5");
  lease.duration = seconds(60);
  Read(lease);
  steady_ += seconds(59);
  EXPECT_EQ(Read(lease).kind, Kind::kWait);
  steady_ += seconds(1);
  EXPECT_EQ(Read(lease).kind, Kind::kUpdate);
}

TEST_F(LeaseTest, RenewingKeepsAcquireTimeAndTransitions) {
  const auto step = Read(HeldBy("me", "7"));
  EXPECT_EQ(step.kind, Kind::kUpdate);
  EXPECT_EQ(step.spec["acquireTime"], "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(step.spec["leaseTransitions"], 3);
}

TEST_F(LeaseTest, LeadershipRunsFromWhenTheRequestWasSent) {
  Read(std::nullopt);
  EXPECT_FALSE(election_.Leads(steady_));
  election_.OnWritten(steady_);
  EXPECT_TRUE(election_.Leads(steady_ + milliseconds(6999)));
  EXPECT_FALSE(election_.Leads(steady_ + seconds(7)));
  EXPECT_EQ(election_.LeadsFor(steady_ + seconds(6)), seconds(1));
  EXPECT_EQ(election_.LeadsFor(steady_ + seconds(8)), seconds(0));
}

TEST_F(LeaseTest, SeeingAnotherHolderEndsLeadershipAtOnce) {
  Read(std::nullopt);
  election_.OnWritten(steady_);
  Read(HeldBy("other", "9"));
  EXPECT_FALSE(election_.Leads(steady_));
}

TEST_F(LeaseTest, TheHeadOfTheAuditLogIsItsAnnotation) {
  JsonParser parser;
  const auto lease = DecodeLease(*parser.Parse(
      R"({"kind":"Lease","metadata":{"annotations":{"slipway.dev/audit-head":"a:1:b"}}})"));
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->audit_head, "a:1:b");
}

TEST_F(LeaseTest, ALeaseEditedIntoNonsenseDecodesWithSaneBounds) {
  JsonParser parser;
  const auto view = parser.Parse(
      R"({"kind":"Lease","metadata":{"resourceVersion":"1"},"spec":{"leaseDurationSeconds":-5}})");
  const auto lease = DecodeLease(*view);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->duration, seconds(1));
  EXPECT_EQ(lease->holder, "");
  const auto other = parser.Parse(R"({"kind":"Status"})");
  EXPECT_FALSE(DecodeLease(*other));
}

}  // namespace
}  // namespace slipway
