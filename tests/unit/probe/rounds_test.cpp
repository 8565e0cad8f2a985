#include "operator/probe/rounds.hpp"

#include <gtest/gtest.h>

namespace slipway::probe {
namespace {

using std::chrono::milliseconds;

std::vector<ProbeCheck> Checks(ProbeSeen reachable, ProbeSeen refused) {
  return {{"reports:1", true, reachable, milliseconds(1)},
          {"canary:2", false, refused, milliseconds(1)}};
}

const std::vector<ProbeCheck> kGood = Checks(ProbeSeen::kConnected, ProbeSeen::kTimedOut);
const std::vector<ProbeCheck> kOpen = Checks(ProbeSeen::kConnected, ProbeSeen::kConnected);
const std::vector<ProbeCheck> kBlind = Checks(ProbeSeen::kTimedOut, ProbeSeen::kTimedOut);

Round At(int began, int ended, const std::vector<ProbeCheck>& checks) {
  return {milliseconds(began), milliseconds(ended), checks};
}

TEST(JudgeTest, NeedsAllAsDeclaredAndOneOfEachKind) {
  struct Row {
    const char* why;
    std::vector<ProbeCheck> checks;
    ProbeReason reason;
  };
  const auto one = [](bool reachable, ProbeSeen seen) {
    return std::vector<ProbeCheck>{{"a:1", reachable, seen, milliseconds(0)}};
  };
  const Row rows[] = {
      {"dropped", kGood, ProbeReason::kEnforced},
      {"turned away", Checks(ProbeSeen::kConnected, ProbeSeen::kRefused), ProbeReason::kEnforced},
      {"no way", Checks(ProbeSeen::kConnected, ProbeSeen::kUnreachable), ProbeReason::kEnforced},
      {"open", kOpen, ProbeReason::kIsolationUnenforced},
      {"open, and nothing else works", Checks(ProbeSeen::kUnresolved, ProbeSeen::kConnected),
       ProbeReason::kIsolationUnenforced},
      {"no network at all", kBlind, ProbeReason::kNothingProven},
      {"no name", Checks(ProbeSeen::kUnresolved, ProbeSeen::kTimedOut),
       ProbeReason::kNothingProven},
      {"no name of what is to be refused", Checks(ProbeSeen::kConnected, ProbeSeen::kUnresolved),
       ProbeReason::kNothingProven},
      {"not tried", Checks(ProbeSeen::kConnected, ProbeSeen::kFailed), ProbeReason::kNothingProven},
      {"nothing to be refused", one(true, ProbeSeen::kConnected), ProbeReason::kNothingProven},
      {"nothing to be reached", one(false, ProbeSeen::kTimedOut), ProbeReason::kNothingProven},
      {"nothing", {}, ProbeReason::kNothingProven},
  };
  for (const auto& row : rows) EXPECT_EQ(Judge(row.checks), row.reason) << row.why;
}

TEST(JudgeTest, OneOfManyIsEnoughToFail) {
  auto checks = kGood;
  checks.push_back({"other:3", false, ProbeSeen::kConnected, milliseconds(0)});
  EXPECT_EQ(Judge(checks), ProbeReason::kIsolationUnenforced);
  checks.back() = {"other:3", true, ProbeSeen::kRefused, milliseconds(0)};
  EXPECT_EQ(Judge(checks), ProbeReason::kNothingProven);
}

TEST(RoundsTest, TwoInARowHalfASecondApartProveIt) {
  Rounds rounds({});
  EXPECT_EQ(rounds.Take(At(10, 20, kGood)), std::nullopt);
  EXPECT_EQ(rounds.NextAt(), milliseconds(510));
  EXPECT_EQ(rounds.Take(At(510, 520, kGood)), ProbeReason::kEnforced);
}

TEST(RoundsTest, TheNextOneBeginsAtOnceAfterALongOne) {
  Rounds rounds({});
  EXPECT_EQ(rounds.Take(At(0, 1000, kGood)), std::nullopt);
  EXPECT_EQ(rounds.NextAt(), milliseconds(1000));
  EXPECT_EQ(rounds.Take(At(1000, 2000, kGood)), ProbeReason::kEnforced);
}

TEST(RoundsTest, TooCloseTogetherIsNotEnough) {
  Rounds rounds({});
  EXPECT_EQ(rounds.Take(At(0, 1, kGood)), std::nullopt);
  EXPECT_EQ(rounds.Take(At(499, 500, kGood)), std::nullopt);
  EXPECT_EQ(rounds.Take(At(500, 501, kGood)), ProbeReason::kEnforced);
}

TEST(RoundsTest, ABadOneInBetweenBeginsAnew) {
  for (const auto& bad : {kOpen, kBlind}) {
    Rounds rounds({});
    EXPECT_EQ(rounds.Take(At(0, 1, kGood)), std::nullopt);
    EXPECT_EQ(rounds.Take(At(500, 501, bad)), std::nullopt);
    EXPECT_EQ(rounds.Take(At(1000, 1001, kGood)), std::nullopt);
    EXPECT_EQ(rounds.Take(At(1500, 1501, kGood)), ProbeReason::kEnforced);
  }
}

TEST(RoundsTest, HasToStaySoForAsLongAsIsAskedFor) {
  Rounds rounds({milliseconds(60'000), milliseconds(1200)});
  EXPECT_EQ(rounds.Take(At(100, 101, kGood)), std::nullopt);
  EXPECT_EQ(rounds.Take(At(600, 601, kGood)), std::nullopt);
  EXPECT_EQ(rounds.Take(At(1100, 1101, kGood)), std::nullopt);
  EXPECT_EQ(rounds.Take(At(1600, 1601, kGood)), ProbeReason::kEnforced);
}

TEST(RoundsTest, TheLastRoundSaysWhyNot) {
  const auto end = [](const std::vector<ProbeCheck>& last) {
    Rounds rounds({milliseconds(2000), milliseconds(0)});
    EXPECT_EQ(rounds.Take(At(0, 1000, kOpen)), std::nullopt);
    return rounds.Take(At(1000, 2000, last));
  };
  EXPECT_EQ(end(kOpen), ProbeReason::kIsolationUnenforced);
  EXPECT_EQ(end(kBlind), ProbeReason::kNothingProven);
  EXPECT_EQ(end(kGood), ProbeReason::kNothingProven) << "once is not enough";
}

TEST(RoundsTest, DoesNotWaitForARoundThatWouldBeginTooLate) {
  Rounds rounds({milliseconds(1000), milliseconds(0)});
  EXPECT_EQ(rounds.Take(At(0, 1, kOpen)), std::nullopt);
  EXPECT_EQ(rounds.Take(At(500, 501, kOpen)), ProbeReason::kIsolationUnenforced);
}

TEST(RoundsTest, AProofInTheLastRoundCounts) {
  Rounds rounds({milliseconds(2000), milliseconds(0)});
  EXPECT_EQ(rounds.Take(At(0, 1000, kGood)), std::nullopt);
  EXPECT_EQ(rounds.Take(At(1000, 2500, kGood)), ProbeReason::kEnforced);
}

}  // namespace
}  // namespace slipway::probe
