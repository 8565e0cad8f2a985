#include "operator/cli/audit_verify.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <sstream>

#include "operator/cli/audit_verify_book.hpp"

namespace slipway::cli {
namespace {

using audit::Head;
using nlohmann::json;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Log = std::vector<std::string>;

/// What three leaders have written, the second of which was killed.
struct Story {
  Log lines;
  Head head;  ///< As the Lease has it.

  std::string Time() {
    ++second;
    return "2026-01-01T00:00:" + std::string(second < 10 ? "0" : "") + std::to_string(second) +
           ".000000Z";
  }
  void Add(json record) {
    record["time"] = Time();
    lines.push_back(audit::Seal(std::move(record), head));
  }
  void Open(const std::string& chain, int term) {
    const std::string former = head.chain.empty() ? "" : audit::ToString(head);
    head = {chain, 0, ""};
    Add({{"action", "Opened"},
         {"cluster", "c"},
         {"lease", "ns/slipway"},
         {"term", term},
         {"follows", former}});
  }
  void Act(int count) {
    for (int i = 0; i < count; ++i) {
      Add({{"action", i % 2 == 0 ? "Create" : "Delete"},
           {"for", {{"uid", "job-uid"}, {"generation", 1}}},
           {"object", {{"kind", "Pod"}, {"name", "pod-" + std::to_string(i)}}},
           {"before", nullptr},
           {"after", {{"resourceVersion", "7"}, {"sha256", "abc"}}},
           {"result", "Done"}});
    }
  }

  Story() {
    Open("one", 0);
    Act(5);
    Add({{"action", "Closed"}});
    Open("two", 1);
    Act(4);
    Open("three", 2);
    Act(5);
  }

 private:
  int second = 0;
};

AuditReport Check(const Log& lines, const std::optional<Head>& head) {
  AuditBook book;
  for (std::size_t i = 0; i < lines.size(); ++i) book.Add("log", i + 1, lines[i]);
  return book.Check(head, "the Lease");
}

json Parse(const std::string& line) { return json::parse(line); }

/// "record 3 of two".
std::string Title(const std::string& line) {
  const json record = Parse(line);
  return "record " + std::to_string(record["seq"].get<int>()) + " of " +
         record["chain"].get<std::string>();
}

TEST(AuditVerify, AnUntouchedLogIsFine) {
  const Story story;
  const AuditReport report = Check(story.lines, story.head);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_EQ(report.records, story.lines.size());
  EXPECT_EQ(report.chains, 3U);
  EXPECT_EQ(report.from, "2026-01-01T00:00:01.000000Z");
  EXPECT_EQ(report.until, Parse(story.lines.back())["time"]);
}

TEST(AuditVerify, EachDroppedRecordIsNamed) {
  const Story story;
  for (std::size_t i = 0; i < story.lines.size(); ++i) {
    Log lines = story.lines;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(i));
    const AuditReport report = Check(lines, story.head);
    if (i == 0) {  // As if the log had been kept from there on only.
      EXPECT_THAT(report.findings, IsEmpty());
      EXPECT_THAT(report.notes, ElementsAre(HasSubstr("begins with record 2 of one")));
      continue;
    }
    ASSERT_THAT(report.findings, SizeIs(1)) << i;
    EXPECT_THAT(report.findings[0], HasSubstr(Title(story.lines[i]) + " is missing: dropped"));
  }
}

TEST(AuditVerify, EachEditedMemberIsNamed) {
  const Story story;
  for (std::size_t i = 0; i < story.lines.size(); ++i) {
    const json record = Parse(story.lines[i]);
    for (const auto& [name, value] : record.items()) {
      for (const json& other : {json("edited"), json(99), json()}) {
        if (other == value) continue;
        json edited = record;
        edited[name] = other;
        Log lines = story.lines;
        lines[i] = audit::ToText(edited);
        const AuditReport report = Check(lines, story.head);
        if (name == audit::kMark && other.is_null()) continue;
        ASSERT_THAT(report.findings, SizeIs(1)) << i << " " << name << " " << other;
        EXPECT_THAT(report.findings[0], HasSubstr("log line " + std::to_string(i + 1) + ": "));
      }
      json less = record;
      less.erase(name);
      Log lines = story.lines;
      lines[i] = audit::ToText(less);
      const auto findings = Check(lines, story.head).findings;
      ASSERT_THAT(findings, SizeIs(Ge(i > 0 ? 1U : 0U))) << i << " " << name;
    }
  }
}

TEST(AuditVerify, AnEditWithANewHashIsNamed) {
  const Story story;
  for (std::size_t i = 0; i < story.lines.size(); ++i) {
    json edited = Parse(story.lines[i]);
    edited["time"] = edited["time"].get<std::string>() + "0";
    edited["hash"] = audit::HashOf(edited);
    Log lines = story.lines;
    lines[i] = audit::ToText(edited);
    const AuditReport report = Check(lines, story.head);
    ASSERT_FALSE(report.findings.empty()) << i;
    EXPECT_THAT(report.findings[0], HasSubstr(Title(story.lines[i]) + " was edited")) << i;
  }
}

TEST(AuditVerify, ATailThatWasWrittenAnewIsFoundByWhatVouchesForIt) {
  const Story story;
  const std::size_t two = 7;  // Where the second chain begins.
  Log lines = story.lines;
  Head head{"two", 0, ""};
  for (std::size_t i = two; Parse(lines[i])["chain"] == "two"; ++i) {
    json record = Parse(lines[i]);
    if (i == two + 2) record["result"] = "Forbidden";
    lines[i] = audit::Seal(record, head);
  }
  const AuditReport report = Check(lines, story.head);
  ASSERT_THAT(report.findings, SizeIs(1));
  EXPECT_THAT(report.findings[0], HasSubstr("record 5 of two was edited"));
  EXPECT_THAT(report.findings[0], HasSubstr("the first record of three has another hash"));
}

TEST(AuditVerify, EachPairThatWasSwappedIsNamed) {
  const Story story;
  for (std::size_t i = 0; i < story.lines.size(); ++i) {
    for (std::size_t j = i + 1; j < story.lines.size(); ++j) {
      if (Parse(story.lines[i])["chain"] != Parse(story.lines[j])["chain"]) continue;
      Log lines = story.lines;
      std::swap(lines[i], lines[j]);
      const AuditReport report = Check(lines, story.head);
      ASSERT_FALSE(report.findings.empty()) << i << " " << j;
      for (const std::string& finding : report.findings) {
        EXPECT_THAT(finding, HasSubstr(" was moved"));
      }
      EXPECT_THAT(report.findings, Contains(::testing::AnyOf(HasSubstr(Title(story.lines[i])),
                                                             HasSubstr(Title(story.lines[j])))))
          << i << " " << j;
    }
  }
}

TEST(AuditVerify, EachRecordThatStandsTwiceIsNamed) {
  const Story story;
  for (std::size_t i = 0; i < story.lines.size(); ++i) {
    Log lines = story.lines;
    lines.push_back(lines[i]);
    const AuditReport report = Check(lines, story.head);
    ASSERT_THAT(report.findings, SizeIs(1)) << i;
    EXPECT_THAT(report.findings[0],
                HasSubstr(Title(story.lines[i]) + " stands twice: log line " +
                          std::to_string(i + 1) + " and log line " + std::to_string(lines.size())));
  }
}

TEST(AuditVerify, ARecordThatWasPutInIsNamed) {
  const Story story;
  json forged = Parse(story.lines[3]);
  forged["result"] = "Forbidden";
  forged["hash"] = audit::HashOf(forged);
  Log lines = story.lines;
  lines.insert(lines.begin() + 3, audit::ToText(forged));
  const auto findings = Check(lines, story.head).findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0], HasSubstr("log line 4: a second record 4 of one was put in"));
}

TEST(AuditVerify, AWholeChainThatIsMissingIsNamed) {
  const Story story;
  for (const std::string& chain : {std::string("two"), std::string("three")}) {
    Log lines;
    std::ranges::copy_if(story.lines, std::back_inserter(lines),
                         [&](const std::string& line) { return Parse(line)["chain"] != chain; });
    const auto findings = Check(lines, story.head).findings;
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_THAT(findings[0], HasSubstr("all records of " + chain + " are missing"));
  }
}

TEST(AuditVerify, ALogMayBeginAnywhere) {
  const Story story;
  for (std::size_t first = 0; first < story.lines.size(); ++first) {
    const AuditReport report = Check(
        {story.lines.begin() + static_cast<std::ptrdiff_t>(first), story.lines.end()}, story.head);
    EXPECT_THAT(report.findings, IsEmpty()) << first;
    EXPECT_THAT(report.notes, SizeIs(first == 0 ? 0 : 1)) << first;
  }
}

TEST(AuditVerify, WithoutALeaseTheEndIsSaidToBeUncertain) {
  const Story story;
  const AuditReport report = Check(story.lines, std::nullopt);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("three ends with record 6 and was not closed")));
}

TEST(AuditVerify, RecordsAfterWhatVouchesAreNoFault) {
  Story story;
  const Head vouched = story.head;
  story.Act(3);
  const AuditReport report = Check(story.lines, vouched);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("what vouches for it names record 6")));
}

TEST(AuditVerify, ALeaseThatWasDeletedIsToldOf) {
  Story story;
  story.head = {};
  story.Open("four", 0);
  const auto findings = Check(story.lines, story.head).findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0], HasSubstr("four goes on from none"));
}

TEST(AuditVerify, WhatTheOperatorCouldNotWriteIsTold) {
  Story story;
  story.Add({{"action", "Lost"}, {"lost", 12}, {"why", "No space left on device"}});
  story.Act(1);
  const auto findings = Check(story.lines, story.head).findings;
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0], HasSubstr("could not write 12 records before record 7 of three: No "
                                     "space left on device"));
}

TEST(AuditVerify, AReplicaThatLeftNothingIsNoted) {
  Story story;
  story.Open("five", 4);
  EXPECT_THAT(Check(story.lines, story.head).notes,
              ElementsAre(HasSubstr("between three and five another replica led")));
}

TEST(AuditVerify, OtherLinesAndWhatStandsBeforeARecordArePassedOver) {
  const Story story;
  Log lines;
  for (const std::string& line : story.lines) {
    lines.push_back(R"({"ts":"2026","level":"info","msg":"written"})");
    lines.push_back("2026-01-01T00:00:00.000000000Z stdout F " + line + "\r");
    lines.emplace_back();
  }
  const AuditReport report = Check(lines, story.head);
  EXPECT_THAT(report.findings, IsEmpty());
  EXPECT_EQ(report.records, story.lines.size());
}

TEST(AuditVerify, AMemberThatStandsTwiceIsAnEdit) {
  const Story story;
  Log lines = story.lines;
  lines[3].insert(1, R"("action":"Nothing",)");
  EXPECT_THAT(Check(lines, story.head).findings, ElementsAre(HasSubstr("log line 4: ")));
}

TEST(AuditVerify, ADamagedLineIsNamed) {
  const Story story;
  for (std::size_t length : {0U, 20U, 120U, 200U}) {
    Log lines = story.lines;
    lines[3].resize(length);
    EXPECT_THAT(Check(lines, story.head).findings, SizeIs(1)) << length;
  }
}

TEST(AuditVerify, NothingInALogMakesItFail) {
  for (const char* text :
       {R"({"action":{},"slipwayAudit":1})", R"({"action":[],"slipwayAudit":[]})",
        R"({"action":"Opened","slipwayAudit":1,"seq":-1,"chain":"x"})",
        R"({"action":"Opened","slipwayAudit":2})", R"([{"action":"slipwayAudit")", "slipwayAudit",
        "\xFFslipwayAudit\xFF"}) {
    EXPECT_THAT(Check({text, text}, std::nullopt).findings, SizeIs(2)) << text;
  }
}

class AuditVerifyCommand : public ::testing::Test {
 protected:
  int Run(const Log& lines, const std::optional<Head>& head) {
    std::stringstream input;
    for (const std::string& line : lines) input << line << "\n";
    out_.str("");
    problems_.str("");
    return RunAuditVerify({}, head, input, out_, problems_);
  }
  std::ostringstream out_;
  std::ostringstream problems_;
};

TEST_F(AuditVerifyCommand, SaysWhatItHasSeen) {
  const Story story;
  EXPECT_EQ(Run(story.lines, story.head), 0);
  EXPECT_EQ(out_.str(),
            "ok: nothing is missing, edited, moved or doubled\n"
            "18 records in 3 chains, from 2026-01-01T00:00:01.000000Z to "
            "2026-01-01T00:00:18.000000Z\n");
}

TEST_F(AuditVerifyCommand, FailsForWhatIsWrong) {
  const Story story;
  Log lines = story.lines;
  lines.erase(lines.begin() + 2);
  EXPECT_EQ(Run(lines, story.head), 1);
  EXPECT_THAT(out_.str(), HasSubstr("FAIL: 1 thing is wrong\n  record 3 of one is missing"));
}

TEST_F(AuditVerifyCommand, ALogWithoutRecordsIsAnError) {
  EXPECT_EQ(Run({"x"}, std::nullopt), 1);
  EXPECT_THAT(problems_.str(), HasSubstr("there is no audit record"));
}

TEST_F(AuditVerifyCommand, AFileThatCannotBeReadIsAnError) {
  std::stringstream input;
  EXPECT_EQ(RunAuditVerify({{"/no/such/file"}, "", true}, std::nullopt, input, out_, problems_), 1);
  EXPECT_THAT(problems_.str(), HasSubstr("/no/such/file: cannot be read"));
}

}  // namespace
}  // namespace slipway::cli
