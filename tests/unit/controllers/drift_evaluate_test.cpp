#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <numeric>

#include "controllers/drift_monitor/evaluate.hpp"
#include "controllers/drift_monitor/psi.hpp"
#include "controllers/drift_monitor/report.hpp"

namespace slipway::drift_monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr Metric kPsi = Metric::kPopulationStabilityIndex;
constexpr Metric kDistance = Metric::kNormalizedWassersteinDistance;

Numbers Range(std::size_t count, double from) {
  Numbers values(count);
  std::iota(values.begin(), values.end(), from);
  return values;
}

Dataset Table(std::vector<Column> columns) {
  Dataset data;
  data.columns = std::move(columns);
  if (!data.columns.empty()) {
    data.rows =
        std::visit([](const auto& values) { return values.size(); }, data.columns.front().values);
  }
  return data;
}

/// Both metrics as the CRD's defaults have them.
EvaluationSpec DefaultSpec() {
  EvaluationSpec spec;
  spec.max_rows = 100'000;
  spec.min_samples = 10;
  spec.metrics = {{kPsi, 0.1, 0.2, 10}, {kDistance, 0.1, 0.2, 10}};
  spec.drift_share = 0.3;
  return spec;
}

/// `drifted` features that have moved and `steady` that have not.
std::pair<Dataset, Dataset> Features(std::size_t drifted, std::size_t steady) {
  std::vector<Column> reference;
  std::vector<Column> sample;
  for (std::size_t i = 0; i < drifted + steady; ++i) {
    const std::string name = "f" + std::to_string(i);
    reference.push_back({name, Range(100, 0)});
    sample.push_back({name, Range(100, i < drifted ? 1000 : 0)});
  }
  return {Table(std::move(reference)), Table(std::move(sample))};
}

Verdict VerdictOf(std::size_t drifted, std::size_t steady, double share) {
  const auto [reference, sample] = Features(drifted, steady);
  EvaluationSpec spec = DefaultSpec();
  spec.drift_share = share;
  return Evaluate(reference, sample, spec)->verdict;
}

std::string ErrorOf(const Result<Report>& report) {
  return report ? "no error" : report.error().message;
}

TEST(EvaluateTest, FindsEqualDataHealthy) {
  const auto [reference, sample] = Features(0, 3);
  const auto report = Evaluate(reference, sample, DefaultSpec());
  ASSERT_TRUE(report) << ErrorOf(report);
  EXPECT_EQ(report->verdict, Verdict::kHealthy);
  EXPECT_EQ(report->samples, 100U);
  EXPECT_EQ(report->reference_samples, 100U);
  EXPECT_EQ(report->evaluated, 3U);
  EXPECT_EQ(report->drifted, 0U);
  EXPECT_EQ(report->drift_share, 0);
  EXPECT_THAT(report->notes, IsEmpty());
}

TEST(EvaluateTest, CallsTheWholeDriftedFromTheShareOn) {
  EXPECT_EQ(VerdictOf(3, 7, 0.3), Verdict::kDrift);
  EXPECT_EQ(VerdictOf(2, 8, 0.3), Verdict::kWarning);
  EXPECT_EQ(VerdictOf(1, 9, 0), Verdict::kDrift);
  EXPECT_EQ(VerdictOf(0, 10, 0), Verdict::kHealthy);
  EXPECT_EQ(VerdictOf(4, 0, 1), Verdict::kDrift);
  EXPECT_EQ(VerdictOf(3, 1, 1), Verdict::kWarning);
}

TEST(EvaluateTest, WarnsOfManySmallMovesButNotOfOne) {
  const Column before{"x", Range(100, 0)};
  const Column moved{"x", Range(100, 4)};  // 0.139 deviations, between warning and threshold.
  EvaluationSpec spec = DefaultSpec();
  spec.metrics = {{kDistance, 0.1, 0.2, 10}};
  EXPECT_EQ(Evaluate(Table({before}), Table({moved}), spec)->verdict, Verdict::kWarning);
  const Dataset reference =
      Table({before, {"y", Range(100, 0)}, {"z", Range(100, 0)}, {"w", Range(100, 0)}});
  const Dataset sample =
      Table({moved, {"y", Range(100, 0)}, {"z", Range(100, 0)}, {"w", Range(100, 0)}});
  EXPECT_EQ(Evaluate(reference, sample, spec)->verdict, Verdict::kHealthy);
}

TEST(EvaluateTest, GivesNoVerdictOnTooFewRows) {
  const auto [reference, sample] = Features(3, 0);
  EvaluationSpec spec = DefaultSpec();
  spec.min_samples = 101;
  const auto report = Evaluate(reference, sample, spec);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->verdict, Verdict::kInsufficientData);
  EXPECT_EQ(report->samples, 100U);
  EXPECT_THAT(report->features, IsEmpty());
  EXPECT_EQ(Evaluate(reference, Dataset{}, spec)->verdict, Verdict::kInsufficientData);
}

TEST(EvaluateTest, ComparesCategoriesByTheIndexOnly) {
  const Dataset reference = Table({{"c", Texts(100, "a")}});
  const auto report = Evaluate(reference, Table({{"c", Texts(100, "b")}}), DefaultSpec());
  ASSERT_TRUE(report) << ErrorOf(report);
  ASSERT_EQ(report->features.front().results.size(), 1U);
  EXPECT_EQ(report->features.front().results.front().metric, kPsi);
  EXPECT_EQ(report->verdict, Verdict::kDrift);
}

TEST(EvaluateTest, LeavesFeaturesOutOfTheShareThatNoMetricFits) {
  EvaluationSpec spec = DefaultSpec();
  spec.metrics = {{kDistance, 0.1, 0.2, 10}};
  const Dataset reference = Table({{"c", Texts(100, "a")}, {"x", Range(100, 0)}});
  const auto report =
      Evaluate(reference, Table({{"c", Texts(100, "b")}, {"x", Range(100, 900)}}), spec);
  ASSERT_TRUE(report) << ErrorOf(report);
  EXPECT_EQ(report->features.front().verdict, Verdict::kInsufficientData);
  EXPECT_EQ(report->evaluated, 1U);
  EXPECT_EQ(report->drift_share, 1);
}

TEST(EvaluateTest, TakesTheTypeFromTheReference) {
  const Dataset numbers = Table({{"x", Range(100, 0)}});
  const auto texts_now = Evaluate(numbers, Table({{"x", Texts(100, "oops")}}), DefaultSpec());
  ASSERT_TRUE(texts_now);
  EXPECT_EQ(texts_now->verdict, Verdict::kDrift);
  EXPECT_THAT(texts_now->notes,
              ElementsAre(HasSubstr("text where the reference has numbers in x")));

  Texts codes(100, "1");
  codes.back() = "B";
  const auto numbers_now =
      Evaluate(Table({{"x", codes}}), Table({{"x", Numbers(100, 1.0)}}), DefaultSpec());
  ASSERT_TRUE(numbers_now);
  EXPECT_EQ(numbers_now->features.front().results.size(), 1U);
  EXPECT_EQ(numbers_now->verdict, Verdict::kHealthy);
}

TEST(EvaluateTest, SeesValuesAppearWhereTheReferenceHasNone) {
  const Dataset reference = Table({{"x", Numbers(100, std::numeric_limits<double>::quiet_NaN())}});
  EXPECT_EQ(Evaluate(reference, Table({{"x", Texts(100, "a")}}), DefaultSpec())->verdict,
            Verdict::kDrift);
  EXPECT_EQ(Evaluate(reference, Table({{"x", Range(100, 0)}}), DefaultSpec())->verdict,
            Verdict::kDrift);
  EXPECT_EQ(Evaluate(reference, reference, DefaultSpec())->verdict, Verdict::kHealthy);
}

TEST(EvaluateTest, ComparesTheColumnsThatBothHaveAndNamesTheOthers) {
  const Dataset reference = Table({{"x", Range(100, 0)}, {"label", Range(100, 0)}});
  const Dataset sample = Table({{"x", Range(100, 0)}, {"extra", Range(100, 0)}});
  const auto report = Evaluate(reference, sample, DefaultSpec());
  ASSERT_TRUE(report);
  EXPECT_EQ(report->evaluated, 1U);
  EXPECT_THAT(report->notes, ElementsAre("production has no column label, not compared"));
}

TEST(EvaluateTest, CallsAnIncludedColumnDriftedThatIsGone) {
  const Dataset reference = Table({{"x", Range(100, 0)}, {"y", Range(100, 0)}});
  EvaluationSpec spec = DefaultSpec();
  spec.include = {"x", "y"};
  const auto report = Evaluate(reference, Table({{"x", Range(100, 0)}}), spec);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->evaluated, 2U);
  EXPECT_EQ(report->features.back().verdict, Verdict::kDrift);
  EXPECT_THAT(report->notes, ElementsAre("production has no column y"));
}

TEST(EvaluateTest, LeavesExcludedColumnsOut) {
  const auto [reference, sample] = Features(1, 1);
  EvaluationSpec spec = DefaultSpec();
  spec.exclude = {"f0"};
  EXPECT_EQ(Evaluate(reference, sample, spec)->verdict, Verdict::kHealthy);
}

TEST(EvaluateTest, AppliesOverrides) {
  const auto [reference, sample] = Features(1, 0);
  EvaluationSpec spec = DefaultSpec();
  spec.metrics = {{kDistance, 0.1, 0.2, 10}};
  spec.overrides = {{"f0", kPsi, 1e6}};  // Of another metric.
  EXPECT_EQ(Evaluate(reference, sample, spec)->verdict, Verdict::kDrift);
  spec.overrides = {{"f0", kDistance, 1e6}};
  const auto raised = Evaluate(reference, sample, spec);
  EXPECT_EQ(raised->features.front().results.front().threshold, 1e6);
  EXPECT_EQ(raised->features.front().verdict, Verdict::kWarning);
}

TEST(EvaluateTest, LetsTheWarningBeginAtALowerOverride) {
  const Dataset reference = Table({{"x", Range(100, 0)}});
  EvaluationSpec spec = DefaultSpec();
  spec.metrics = {{kDistance, 0.5, 0.9, 10}};
  EXPECT_EQ(Evaluate(reference, Table({{"x", Range(100, 4)}}), spec)->verdict, Verdict::kHealthy);
  spec.overrides = {{"x", kDistance, 0.1}};
  EXPECT_EQ(Evaluate(reference, Table({{"x", Range(100, 4)}}), spec)->verdict, Verdict::kDrift);
}

TEST(EvaluateTest, NeverCallsEqualDataDriftedEvenAtThresholdZero) {
  const auto [reference, sample] = Features(0, 1);
  EvaluationSpec spec = DefaultSpec();
  spec.metrics = {{kPsi, 0, 0, 10}, {kDistance, 0, 0, 10}};
  EXPECT_EQ(Evaluate(reference, sample, spec)->verdict, Verdict::kHealthy);
}

TEST(EvaluateTest, RefusesNamesThatDoNotExist) {
  const auto [reference, sample] = Features(0, 12);
  EvaluationSpec spec = DefaultSpec();
  spec.include = {"f99"};
  EXPECT_THAT(ErrorOf(Evaluate(reference, sample, spec)),
              AllOf(HasSubstr("features.include names \"f99\""), HasSubstr("f9 and 2 more")));
  spec.include = {};
  spec.exclude = {"nonesuch"};
  EXPECT_THAT(ErrorOf(Evaluate(reference, sample, spec)),
              HasSubstr("features.exclude names \"nonesuch\""));
  spec.exclude = {};
  spec.overrides = {{"nonesuch", kPsi, 1}};
  EXPECT_THAT(ErrorOf(Evaluate(reference, sample, spec)),
              HasSubstr("overrides.feature names \"nonesuch\""));
}

TEST(EvaluateTest, RefusesWhatLeavesNothingToCompare) {
  const Dataset numbers = Table({{"x", Range(100, 0)}});
  EXPECT_THAT(ErrorOf(Evaluate(numbers, Table({{"y", Range(100, 0)}}), DefaultSpec())),
              HasSubstr("the reference has x, production has y"));
  EXPECT_THAT(ErrorOf(Evaluate(Dataset{}, numbers, DefaultSpec())),
              HasSubstr("the reference has no usable row"));
  EvaluationSpec spec = DefaultSpec();
  spec.metrics = {{kDistance, 0.1, 0.2, 10}};
  const Dataset texts = Table({{"c", Texts(100, "a")}});
  EXPECT_THAT(ErrorOf(Evaluate(texts, texts, spec)), HasSubstr("add PopulationStabilityIndex"));
}

TEST(EvaluateTest, NotesRowsThatCouldNotBeRead) {
  auto [reference, sample] = Features(0, 1);
  sample.bad_rows = 3;
  sample.first_bad = "row 7 has only 1 fields, the header has 2";
  EXPECT_THAT(Evaluate(reference, sample, DefaultSpec())->notes,
              ElementsAre(HasSubstr("3 unreadable rows left out of production (row 7")));
}

TEST(WorstTest, RanksByTheThreshold) {
  Report report;
  report.features = {{"a", Verdict::kWarning, {{kPsi, 0.15, 0.2, Verdict::kWarning}}},
                     {"b",
                      Verdict::kDrift,
                      {{kDistance, 0.9, 0.3, Verdict::kDrift}, {kPsi, 0.1, 0.0, Verdict::kDrift}}}};
  const auto worst = Worst(report, 2);
  ASSERT_EQ(worst.size(), 2U);
  EXPECT_EQ(worst[0].result.metric, kPsi);
  EXPECT_EQ(worst[0].feature, "b");
  EXPECT_EQ(worst[1].result.metric, kDistance);
}

TEST(ReportTest, ComesBackAsItWasWritten) {
  const auto [reference, sample] = Features(1, 2);
  const auto report = Evaluate(reference, sample, DefaultSpec());
  const auto summary = ReadReport(WriteReport(*report));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(summary->verdict, Verdict::kDrift);
  EXPECT_EQ(summary->evaluation.samples, 100);
  EXPECT_EQ(summary->evaluation.features, 3);
  EXPECT_EQ(summary->evaluation.drifted_features, 1);
  EXPECT_EQ(summary->evaluation.drift_share, "0.3333");
  ASSERT_EQ(summary->evaluation.worst.size(), 6U);
  const api::WorstFeature& worst = summary->evaluation.worst.front();
  EXPECT_EQ(worst.feature, "f0");
  EXPECT_EQ(worst.threshold, "0.2");
  EXPECT_EQ(worst.state, api::FeatureState::kDrift);
}

TEST(ReportTest, FitsATerminationMessageWhateverTheNames) {
  Report report;
  report.notes = {std::string(5000, 'n')};
  for (int i = 0; i < 50; ++i) {
    report.features.push_back({std::string(300, i % 2 == 0 ? 'x' : '\xFF'),
                               Verdict::kDrift,
                               {{kPsi, 1.0 / 3, 0.000000001, Verdict::kDrift}}});
  }
  const std::string text = WriteReport(report);
  EXPECT_LE(text.size(), kMaxReportBytes);
  const auto summary = ReadReport(text);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_GT(summary->evaluation.worst.size(), 2U);
  EXPECT_LE(summary->evaluation.worst.size(), kMaxWorst);
  EXPECT_EQ(summary->evaluation.worst.front().threshold, "0.000000001");
}

TEST(ReportTest, OfAFailureIsItsMessage) {
  const auto summary = ReadReport(WriteFailure("row 3:\nbroken"));
  ASSERT_FALSE(summary);
  EXPECT_EQ(summary.error().code, Code::kInvalid);
  EXPECT_EQ(summary.error().message, "row 3: broken");
}

TEST(ReportTest, ThatIsNoneIsRefused) {
  for (const std::string_view text : {"", "Killed", "{}", "{\"verdict\":\"Fine\"}", "[1]"}) {
    const auto summary = ReadReport(text);
    ASSERT_FALSE(summary) << text;
    EXPECT_EQ(summary.error().code, Code::kInternal) << text;
  }
}

TEST(ReportTest, ThatLiesStillFitsAStatus) {
  const auto summary = ReadReport(
      R"({"verdict":"Drift","samples":-5,"features":99999999999,"driftShare":-3,"worst":[
          {"feature":"a","metric":"Nonesuch","value":1,"threshold":1,"verdict":"Drift"},
          {"feature":"b","metric":"PopulationStabilityIndex","value":1e300,"threshold":0.1,
           "verdict":"Drift"}]})");
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->evaluation.samples, 0);
  EXPECT_EQ(summary->evaluation.features, std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(summary->evaluation.drift_share, "0");
  ASSERT_EQ(summary->evaluation.worst.size(), 1U);
  EXPECT_EQ(summary->evaluation.worst.front().value, "1000000000");
}

TEST(DecimalTest, HasNoZerosToSpare) {
  EXPECT_EQ(Decimal(0), "0");
  EXPECT_EQ(Decimal(0.5), "0.5");
  EXPECT_EQ(Decimal(1.0 / 3), "0.3333");
  EXPECT_EQ(Decimal(100), "100");
  EXPECT_EQ(Decimal(1e6), "1000000");
  EXPECT_EQ(Decimal(1e-9, 9), "0.000000001");
  EXPECT_EQ(Decimal(-0.0), "0") << "the API takes no sign";
  EXPECT_EQ(Decimal(std::numeric_limits<double>::quiet_NaN()), "0");
}

}  // namespace
}  // namespace slipway::drift_monitor
