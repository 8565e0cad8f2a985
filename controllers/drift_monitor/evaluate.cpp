#include "controllers/drift_monitor/evaluate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "controllers/common/text.hpp"
#include "controllers/drift_monitor/psi.hpp"
#include "controllers/drift_monitor/wasserstein.hpp"

namespace slipway::drift_monitor {
namespace {

constexpr std::size_t kNamesShown = 10;

using Names = std::vector<std::string>;

bool Contains(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Names ColumnNames(const Dataset& data) {
  Names names(data.columns.size());
  std::ranges::transform(data.columns, names.begin(), &Column::name);
  return names;
}

/// Which field of the spec names a column that is nowhere, or nothing.
std::optional<std::string> UnknownColumn(const Dataset& reference, const Dataset& sample,
                                         const EvaluationSpec& spec) {
  const auto explain = [&](std::string_view field, std::string_view name) {
    return fmt::format(
        "{} names \"{}\", but the reference has no such column (it has {}); correct "
        "the name or remove the entry",
        field, name, Listed(ColumnNames(reference), kNamesShown));
  };
  for (const auto& name : spec.include) {
    if (reference.Find(name) == nullptr) return explain("features.include", name);
  }
  for (const auto& name : spec.exclude) {
    const bool known = reference.Find(name) != nullptr || sample.Find(name) != nullptr;
    if (!known) return explain("features.exclude", name);
  }
  for (const auto& item : spec.overrides) {
    if (reference.Find(item.feature) == nullptr) return explain("overrides.feature", item.feature);
  }
  return std::nullopt;
}

/// The columns of the reference to compare, and a note on those that are not.
std::vector<const Column*> SelectFeatures(const Dataset& reference, const Dataset& sample,
                                          const EvaluationSpec& spec, Names& notes) {
  std::vector<const Column*> selected;
  Names absent;
  for (const auto& column : reference.columns) {
    if (Contains(spec.exclude, column.name)) continue;
    const bool included = Contains(spec.include, column.name);
    if (!spec.include.empty() && !included) continue;
    const bool there = sample.Find(column.name) != nullptr;
    if (!there) absent.push_back(column.name);
    if (there || included) selected.push_back(&column);
  }
  if (!absent.empty()) {
    notes.push_back(fmt::format("production has no column {}{}", Listed(absent, kNamesShown),
                                spec.include.empty() ? ", not compared" : ""));
  }
  return selected;
}

bool HasNumber(const Column& column) {
  const auto* numbers = std::get_if<Numbers>(&column.values);
  return numbers != nullptr &&
         !std::ranges::all_of(*numbers, [](double n) { return std::isnan(n); });
}

bool HasText(const Column& column) { return std::holds_alternative<Texts>(column.values); }

/// A reference without any value says nothing about the type; then the sample decides.
bool IsNumeric(const Column& reference, const Column& sample) {
  return HasNumber(reference) || (!HasText(reference) && !HasText(sample));
}

MetricResult Judge(const MetricRule& rule, const std::string& feature, double value,
                   const EvaluationSpec& spec) {
  MetricResult result{rule.metric, value, rule.threshold, Verdict::kHealthy};
  for (const auto& item : spec.overrides) {
    if (item.metric == rule.metric && item.feature == feature) result.threshold = item.threshold;
  }
  // Equal distributions never drift, whatever the threshold.
  if (value <= 0) return result;
  if (value >= std::min(rule.warning, result.threshold)) result.verdict = Verdict::kWarning;
  if (value >= result.threshold) result.verdict = Verdict::kDrift;
  return result;
}

FeatureResult Finish(FeatureResult feature) {
  for (const auto& result : feature.results) {
    const bool first = feature.verdict == Verdict::kInsufficientData;
    feature.verdict = first ? result.verdict : std::max(feature.verdict, result.verdict);
  }
  return feature;
}

FeatureResult EvaluateNumeric(const Column& reference, const Column& sample,
                              const EvaluationSpec& spec) {
  FeatureResult feature{reference.name, Verdict::kInsufficientData, {}};
  const Numbers before = AsNumbers(reference);
  const Numbers now = AsNumbers(sample);
  for (const auto& rule : spec.metrics) {
    const double value = rule.metric == Metric::kPopulationStabilityIndex
                             ? NumericPsi(before, now, rule.bins)
                             : NormalizedWassersteinDistance(before, now);
    feature.results.push_back(Judge(rule, reference.name, value, spec));
  }
  return Finish(std::move(feature));
}

FeatureResult EvaluateCategorical(const Column& reference, const Column& sample,
                                  const EvaluationSpec& spec) {
  FeatureResult feature{reference.name, Verdict::kInsufficientData, {}};
  for (const auto& rule : spec.metrics) {
    if (rule.metric != Metric::kPopulationStabilityIndex) continue;
    const double value = CategoricalPsi(AsTexts(reference), AsTexts(sample));
    feature.results.push_back(Judge(rule, reference.name, value, spec));
  }
  return Finish(std::move(feature));
}

void EvaluateFeatures(const std::vector<const Column*>& selected, const Dataset& sample,
                      const EvaluationSpec& spec, Report& report) {
  Names texts;
  for (const Column* reference : selected) {
    const Column* found = sample.Find(reference->name);
    const Column absent{reference->name,
                        Numbers(sample.rows, std::numeric_limits<double>::quiet_NaN())};
    const Column& values = found == nullptr ? absent : *found;
    const bool numeric = IsNumeric(*reference, values);
    if (numeric && HasText(values)) texts.push_back(reference->name);
    report.features.push_back(numeric ? EvaluateNumeric(*reference, values, spec)
                                      : EvaluateCategorical(*reference, values, spec));
  }
  if (!texts.empty()) {
    report.notes.push_back(
        fmt::format("production has text where the reference has numbers in {}, counted as missing",
                    Listed(texts, kNamesShown)));
  }
}

void Decide(const EvaluationSpec& spec, Report& report) {
  std::size_t warned = 0;
  for (const auto& feature : report.features) {
    if (feature.verdict == Verdict::kInsufficientData) continue;
    ++report.evaluated;
    if (feature.verdict == Verdict::kDrift) ++report.drifted;
    if (feature.verdict == Verdict::kWarning) ++warned;
  }
  const auto reaches = [&](std::size_t count) {
    return count > 0 &&
           static_cast<double>(count) / static_cast<double>(report.evaluated) >= spec.drift_share;
  };
  if (report.evaluated > 0) {
    report.drift_share =
        static_cast<double>(report.drifted) / static_cast<double>(report.evaluated);
  }
  report.verdict = Verdict::kHealthy;
  if (report.drifted > 0 || reaches(report.drifted + warned)) report.verdict = Verdict::kWarning;
  if (reaches(report.drifted)) report.verdict = Verdict::kDrift;
}

void NoteBadRows(const Dataset& data, std::string_view file, Names& notes) {
  if (data.bad_rows == 0) return;
  notes.push_back(
      fmt::format("{} unreadable rows left out of {} ({})", data.bad_rows, file, data.first_bad));
}

}  // namespace

std::string_view ToString(Verdict verdict) {
  switch (verdict) {
    case Verdict::kHealthy: return "Healthy";
    case Verdict::kWarning: return "Warning";
    case Verdict::kDrift: return "Drift";
    case Verdict::kInsufficientData: return "InsufficientData";
  }
  return "InsufficientData";
}

Result<Report> Evaluate(const Dataset& reference, const Dataset& sample,
                        const EvaluationSpec& spec) {
  Report report;
  report.samples = sample.rows;
  report.reference_samples = reference.rows;
  NoteBadRows(reference, "the reference", report.notes);
  NoteBadRows(sample, "production", report.notes);
  if (reference.rows == 0) {
    return Fail(Code::kInvalid,
                fmt::format("the reference has no usable row, so there is nothing to compare with; "
                            "give it the data the model was trained on{}",
                            reference.bad_rows == 0 ? "" : " (" + reference.first_bad + ")"));
  }
  if (const auto unknown = UnknownColumn(reference, sample, spec)) {
    return Fail(Code::kInvalid, *unknown);
  }
  if (sample.rows < spec.min_samples) return report;
  const auto selected = SelectFeatures(reference, sample, spec, report.notes);
  if (selected.empty()) {
    return Fail(
        Code::kInvalid,
        fmt::format("no column is left to compare: the reference has {}, production has {}; "
                    "write the same names in both, or correct features",
                    Listed(ColumnNames(reference), kNamesShown),
                    Listed(ColumnNames(sample), kNamesShown)));
  }
  EvaluateFeatures(selected, sample, spec, report);
  Decide(spec, report);
  if (report.evaluated == 0) {
    return Fail(Code::kInvalid,
                "metrics has only NormalizedWassersteinDistance, which needs numbers, and no "
                "compared column is numeric; add PopulationStabilityIndex");
  }
  return report;
}

std::vector<WorstResult> Worst(const Report& report, std::size_t limit) {
  std::vector<WorstResult> worst;
  for (const auto& feature : report.features) {
    for (const auto& result : feature.results) worst.push_back({feature.name, result});
  }
  static constexpr double kSmallest =
      1e-9;  // A threshold may be 0; smaller ones cannot be written.
  std::ranges::stable_sort(worst, std::ranges::greater{}, [](const WorstResult& item) {
    return item.result.value / std::max(item.result.threshold, kSmallest);
  });
  worst.resize(std::min(worst.size(), limit));
  return worst;
}

}  // namespace slipway::drift_monitor
