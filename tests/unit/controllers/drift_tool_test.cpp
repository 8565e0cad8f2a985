#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "controllers/drift_monitor/evaluation_spec.hpp"
#include "controllers/drift_monitor/report.hpp"
#include "controllers/drift_monitor/tool.hpp"

namespace slipway::drift_monitor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// What the API server makes of a DriftMonitor that sets nothing but its sources.
constexpr std::string_view kSpec =
    R"({"reference":{"format":"CSV"},"production":{"format":"CSV","maxRows":100000,"minSamples":3},
        "metrics":[{"name":"PopulationStabilityIndex","warningThreshold":"0.1","threshold":"0.2"},
                   {"name":"NormalizedWassersteinDistance","warningThreshold":"0.1",
                    "threshold":"0.2"}],
        "decision":{"driftShare":"0.3","consecutiveBreaches":1}})";

class ToolTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "slipway-drift-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    options_ = {Write("reference.csv", "x,y\n1,a\n2,a\n3,b\n4,b\n"),
                Write("production.csv", "x,y\n1,a\n2,a\n3,b\n4,b\n"), std::string(kSpec),
                (folder_ / "report").string()};
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const fs::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }

  int Run() { return RunEvaluateDrift(options_, out_); }

  std::string ReportText() {
    std::ifstream file(options_.output);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::string Failure() {
    const auto summary = ReadReport(ReportText());
    return summary ? "no failure" : summary.error().message;
  }

  fs::path folder_;
  EvaluateDriftOptions options_;
  std::ostringstream out_;
};

TEST_F(ToolTest, ReportsAHealthySample) {
  EXPECT_EQ(Run(), 0);
  EXPECT_EQ(ReadReport(ReportText())->verdict, Verdict::kHealthy);
  EXPECT_THAT(out_.str(), HasSubstr("Healthy: 0 of 2 features drifted (share 0); 4 rows"));
}

TEST_F(ToolTest, EndsWellAlsoWithDrift) {
  options_.sample = Write("production.csv", "x,y\n91,z\n92,z\n93,z\n94,z\n");
  EXPECT_EQ(Run(), 0);
  const auto summary = ReadReport(ReportText());
  EXPECT_EQ(summary->verdict, Verdict::kDrift);
  EXPECT_EQ(summary->evaluation.drifted_features, 2);
  EXPECT_THAT(out_.str(), HasSubstr("Drift: 2 of 2 features drifted"));
  EXPECT_THAT(out_.str(), HasSubstr("NormalizedWassersteinDistance"));
}

TEST_F(ToolTest, ReadsJsonLines) {
  std::string spec(kSpec);
  spec.replace(spec.rfind("\"CSV\""), 5, "\"JSONLines\"");
  options_.spec = spec;
  options_.sample = Write("production.jsonl",
                          "{\"x\":1,\"y\":\"a\"}\n{\"x\":2,\"y\":\"b\"}\n"
                          "{\"x\":3,\"y\":\"b\"}\n");
  EXPECT_EQ(Run(), 0);
  EXPECT_EQ(ReadReport(ReportText())->evaluation.samples, 3);
}

TEST_F(ToolTest, GivesNoVerdictOnAnEmptySample) {
  options_.sample = Write("production.csv", "");
  EXPECT_EQ(Run(), 0);
  EXPECT_EQ(ReadReport(ReportText())->verdict, Verdict::kInsufficientData);
}

TEST_F(ToolTest, NamesAFileThatIsMissing) {
  options_.sample = (folder_ / "nonesuch.csv").string();
  EXPECT_EQ(Run(), kEvaluationFailed);
  EXPECT_THAT(Failure(), HasSubstr("production file " + options_.sample +
                                   ": cannot be opened (No such file or directory)"));
  EXPECT_THAT(out_.str(), HasSubstr("failed: production file"));
}

TEST_F(ToolTest, NamesAFolderInPlaceOfAFile) {
  options_.reference = folder_.string();
  EXPECT_EQ(Run(), kEvaluationFailed);
  EXPECT_THAT(Failure(), HasSubstr("is a folder; name the file in it"));
}

TEST_F(ToolTest, NamesFileRowRuleAndWayOutOfBadInput) {
  options_.reference = Write("reference.csv", "1,2\n3,4\n");
  EXPECT_EQ(Run(), kEvaluationFailed);
  EXPECT_THAT(Failure(),
              HasSubstr("reference file " + options_.reference + ": row 1 holds only numbers"));
}

TEST_F(ToolTest, RefusesASpecThatNamesNoSuchColumn) {
  options_.spec = std::string(kSpec).insert(1, R"("features":{"include":["z"]},)");
  EXPECT_EQ(Run(), kEvaluationFailed);
  EXPECT_THAT(Failure(), HasSubstr("features.include names \"z\""));
}

TEST_F(ToolTest, SaysThatTheReportCannotBeWritten) {
  options_.output = (folder_ / "no" / "such" / "folder").string();
  EXPECT_EQ(Run(), kEvaluationFailed);
  EXPECT_THAT(out_.str(), HasSubstr("the report cannot be written to " + options_.output));
}

struct BadSpec {
  std::string_view before;
  std::string_view after;
  std::string_view message;
};

TEST(EvaluationSpecTest, NamesTheFieldThatIsWrong) {
  constexpr BadSpec kCases[] = {
      {"\"0.3\"", "0.3", "decision.driftShare is \"\", but must be a decimal number as text"},
      {"\"0.2\"", "\"much\"", "metrics.threshold is \"much\", but must be a decimal number"},
      {"100000", "0", "production.maxRows is \"0\", but must be a whole number from 1"},
      {"100000", "10000001", "production.maxRows is \"10000001\""},
      {"\"threshold\"", "\"bins\":101,\"threshold\"", "metrics.bins is \"101\""},
      {"\"minSamples\":3", "\"minSamples\":\"3\"", "production.minSamples is \"\"3\"\""},
      {"\"CSV\"", "\"XML\"", "reference.format is \"XML\", but must be CSV or JSONLines"},
      {"PopulationStabilityIndex", "KolmogorovSmirnov", "metrics.name is \"KolmogorovSmirnov\""},
      {"{\"reference\"", "[{\"reference\"", "the evaluation spec is not JSON"},
  };
  for (const auto& [before, after, message] : kCases) {
    std::string text(kSpec);
    text.replace(text.find(before), before.size(), after);
    const auto spec = ParseEvaluationSpec(text);
    ASSERT_FALSE(spec) << message;
    EXPECT_THAT(spec.error().message, HasSubstr(message));
  }
}

TEST(EvaluationSpecTest, TakesEveryField) {
  const auto spec = ParseEvaluationSpec(
      R"({"reference":{"format":"JSONLines"},
          "production":{"format":"CSV","maxRows":500,"minSamples":50},
          "features":{"include":["a","b"],"exclude":["c"]},
          "metrics":[{"name":"PopulationStabilityIndex","warningThreshold":"0.05",
                      "threshold":"0.25","bins":20}],
          "overrides":[{"feature":"a","metric":"PopulationStabilityIndex","threshold":"0.5"}],
          "decision":{"driftShare":"0"}})");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->reference_format, Format::kJsonLines);
  EXPECT_EQ(spec->sample_format, Format::kCsv);
  EXPECT_EQ(spec->max_rows, 500U);
  EXPECT_EQ(spec->min_samples, 50U);
  EXPECT_THAT(spec->include, testing::ElementsAre("a", "b"));
  EXPECT_THAT(spec->exclude, testing::ElementsAre("c"));
  ASSERT_EQ(spec->metrics.size(), 1U);
  EXPECT_EQ(spec->metrics.front().bins, 20U);
  EXPECT_EQ(spec->metrics.front().warning, 0.05);
  EXPECT_EQ(spec->overrides.front().threshold, 0.5);
  EXPECT_EQ(spec->drift_share, 0);
}

}  // namespace
}  // namespace slipway::drift_monitor
