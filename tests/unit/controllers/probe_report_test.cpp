#include "controllers/common/probe_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ProbeReport Sample(ProbeReason reason, ProbeSeen reachable, ProbeSeen refused) {
  return {reason,
          {{"reports.ns.svc:8081", true, reachable, milliseconds(3)},
           {"reports.ns.svc:8082", false, refused, milliseconds(1000)}},
          milliseconds(1600)};
}

const ProbeReport kEnforced =
    Sample(ProbeReason::kEnforced, ProbeSeen::kConnected, ProbeSeen::kTimedOut);

TEST(ProbeReportTest, IsWrittenAsOneLine) {
  EXPECT_EQ(WriteProbeReport(kEnforced),
            R"({"checks":[{"expect":"Reachable","milliseconds":3,"seen":"Connected",)"
            R"("target":"reports.ns.svc:8081"},{"expect":"Refused","milliseconds":1000,)"
            R"("seen":"TimedOut","target":"reports.ns.svc:8082"}],"reason":"Enforced",)"
            R"("seconds":1.6,"version":1})");
}

TEST(ProbeReportTest, IsReadAsItWasWritten) {
  for (const auto reason :
       {ProbeReason::kEnforced, ProbeReason::kIsolationUnenforced, ProbeReason::kNothingProven}) {
    ProbeReport report = kEnforced;
    report.reason = reason;
    const auto read = ReadProbeReport(WriteProbeReport(report));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, report);
  }
  for (const auto seen : {ProbeSeen::kConnected, ProbeSeen::kRefused, ProbeSeen::kTimedOut,
                          ProbeSeen::kUnreachable, ProbeSeen::kUnresolved, ProbeSeen::kFailed}) {
    ProbeReport report{ProbeReason::kNothingProven, {{"a:1", true, seen, milliseconds(7)}}, {}};
    EXPECT_EQ(ReadProbeReport(WriteProbeReport(report)).value(), report);
  }
}

TEST(ProbeReportTest, LosesChecksBeforeItsVerdict) {
  ProbeReport report{ProbeReason::kIsolationUnenforced, {}, milliseconds(60'000)};
  for (int i = 0; i < 32; ++i) {
    const std::string name = std::string(240, 'a') + std::to_string(i);
    report.checks.push_back({name + ":1", false, ProbeSeen::kTimedOut, milliseconds(1000)});
  }
  report.checks.push_back({"open:2", false, ProbeSeen::kConnected, milliseconds(1)});
  const std::string text = WriteProbeReport(report);
  EXPECT_LE(text.size(), kMaxProbeReport);
  const auto read = ReadProbeReport(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->reason, ProbeReason::kIsolationUnenforced);
  EXPECT_EQ(read->took, milliseconds(60'000));
  EXPECT_GT(read->checks.size(), 8u);
  EXPECT_EQ(read->checks.front().target, "open:2") << "what is wrong is kept first";
}

TEST(ProbeReportTest, RefusesEveryOtherText) {
  for (const std::string_view text :
       {"", "null", "[]", "{}", "Killed", R"({"version":1})", R"({"reason":"Enforced"})",
        R"({"version":2,"reason":"Enforced"})", R"({"version":"1","reason":"Enforced"})",
        R"({"version":1,"reason":"enforced"})", R"({"version":1,"reason":["Enforced"]})",
        R"({"version":1,"reason":"Enforced")", "{\"version\":1,\"reason\":\"Enforced\xFF\"}"}) {
    const auto read = ReadProbeReport(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Code::kInternal);
  }
  const std::string longer = WriteProbeReport(kEnforced) + std::string(kMaxProbeReport, ' ');
  EXPECT_FALSE(ReadProbeReport(longer));
}

TEST(ProbeReportTest, TakesOfHostileMembersWhatFits) {
  const auto read =
      ReadProbeReport(R"({"version":1,"reason":"NothingProven","seconds":-1e300,"checks":[7,{},)"
                      R"({"target":"a\nb","expect":"Refused","seen":"TimedOut","milliseconds":-5},)"
                      R"({"target":"c","expect":"refused","seen":"TimedOut"},)"
                      R"({"target":"","expect":"Refused","seen":"TimedOut"},)"
                      R"({"target":"d","expect":"Refused","seen":"Gone"}]})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->took, milliseconds(0));
  ASSERT_EQ(read->checks.size(), 1u);
  EXPECT_EQ(read->checks[0], (ProbeCheck{"a b", false, ProbeSeen::kTimedOut, milliseconds(0)}));
}

TEST(ProbeReportTest, EachReasonHasItsExitCode) {
  EXPECT_EQ(ExitCode(ProbeReason::kEnforced), 0);
  EXPECT_EQ(ExitCode(ProbeReason::kIsolationUnenforced), 3);
  EXPECT_EQ(ExitCode(ProbeReason::kNothingProven), 4);
}

TEST(DescribeProbeTest, SaysWhatWasSeenAndTheWayOut) {
  using enum ProbeSeen;
  EXPECT_EQ(DescribeProbe(kEnforced),
            "Enforced after 1.6 s: not reachable, as declared: reports.ns.svc:8082 (TimedOut)");
  EXPECT_THAT(
      DescribeProbe(Sample(ProbeReason::kIsolationUnenforced, kTimedOut, kConnected)),
      AllOf(HasSubstr("reports.ns.svc:8082 (Connected) must not be reachable from this pod"),
            HasSubstr("enforces NetworkPolicies on this node"), Not(HasSubstr("8081"))));
  EXPECT_THAT(DescribeProbe(Sample(ProbeReason::kNothingProven, kTimedOut, kTimedOut)),
              AllOf(HasSubstr("reports.ns.svc:8081 (TimedOut) must be reachable and was not"),
                    HasSubstr("network policies of both sides"), Not(HasSubstr("8082"))));
  EXPECT_THAT(DescribeProbe(Sample(ProbeReason::kNothingProven, kConnected, kUnresolved)),
              HasSubstr("reports.ns.svc:8082 (Unresolved) could not be tried"));
  EXPECT_THAT(DescribeProbe(Sample(ProbeReason::kNothingProven, kConnected, kRefused)),
              HasSubstr("not for long enough before the time was up"));
}

TEST(DescribeProbeTest, FitsIntoACondition) {
  ProbeReport report{ProbeReason::kNothingProven, {}, {}};
  for (int i = 0; i < 32; ++i)
    report.checks.push_back({std::string(300, 'x'), true, ProbeSeen::kTimedOut, {}});
  const std::string text = DescribeProbe(report);
  EXPECT_LE(text.size(), 1024u);
  EXPECT_THAT(text, AllOf(HasSubstr(" and 28 more"), HasSubstr("network policies")));
}

}  // namespace
}  // namespace slipway
