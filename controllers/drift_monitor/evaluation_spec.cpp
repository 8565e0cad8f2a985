#include "controllers/drift_monitor/evaluation_spec.hpp"

#include <fmt/core.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

#include "operator/kube/json_view.hpp"

namespace slipway::drift_monitor {
namespace {

constexpr std::array kMetrics{Metric::kPopulationStabilityIndex,
                              Metric::kNormalizedWassersteinDistance};

// As in the CRD: with more of either, an evaluation would take memory or time without end.
constexpr std::int64_t kMaxRows = 10'000'000;
constexpr std::int64_t kMaxBins = 100;

/// Reads fields and remembers the first that is wrong, so that the reading itself stays a list.
class SpecReader {
 public:
  double Decimal(const JsonView& view, std::string_view path) {
    const std::string text = view.Text();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
    if (!whole || !std::isfinite(number) || number < 0) {
      Fault(path, text, "must be a decimal number as text, for example \"0.2\"");
    }
    return number;
  }

  std::size_t Count(const JsonView& view, std::string_view path, std::int64_t most) {
    const auto number = view.Int();
    if (!number || *number < 1 || *number > most) {
      Fault(path, view.Dump(), fmt::format("must be a whole number from 1 to {}", most));
    }
    return static_cast<std::size_t>(number.value_or(1));
  }

  Format FileFormat(const JsonView& view, std::string_view path) {
    const std::string text = view.Text();
    if (text != "CSV" && text != "JSONLines") Fault(path, text, "must be CSV or JSONLines");
    return text == "JSONLines" ? Format::kJsonLines : Format::kCsv;
  }

  Metric MetricName(const JsonView& view, std::string_view path) {
    const std::string text = view.Text();
    for (const Metric metric : kMetrics) {
      if (ToString(metric) == text) return metric;
    }
    Fault(path, text, "must be PopulationStabilityIndex or NormalizedWassersteinDistance");
    return Metric::kPopulationStabilityIndex;
  }

  void Fault(std::string_view path, std::string_view value, std::string_view rule) {
    if (fault_) return;
    fault_ = fmt::format("{} is \"{}\", but {}", path, value, rule);
  }

  const std::optional<std::string>& FirstFault() const { return fault_; }

 private:
  std::optional<std::string> fault_;
};

std::vector<std::string> Names(const JsonView& list) {
  std::vector<std::string> names;
  list.ForEach([&](const JsonView& name) { names.push_back(name.Text()); });
  return names;
}

MetricRule ReadMetric(SpecReader& reader, const JsonView& view) {
  MetricRule rule;
  rule.metric = reader.MetricName(view["name"], "metrics.name");
  rule.warning = reader.Decimal(view["warningThreshold"], "metrics.warningThreshold");
  rule.threshold = reader.Decimal(view["threshold"], "metrics.threshold");
  if (view["bins"].Exists()) rule.bins = reader.Count(view["bins"], "metrics.bins", kMaxBins);
  return rule;
}

}  // namespace

std::string_view ToString(Metric metric) {
  return metric == Metric::kPopulationStabilityIndex ? "PopulationStabilityIndex"
                                                     : "NormalizedWassersteinDistance";
}

Result<EvaluationSpec> ParseEvaluationSpec(std::string_view json) {
  JsonParser parser;
  const auto root = parser.Parse(json);
  if (!root) return Fail(Code::kInvalid, "the evaluation spec is " + root.error().message);
  SpecReader reader;
  const JsonView production = (*root)["production"];
  EvaluationSpec spec;
  spec.reference_format = reader.FileFormat((*root)["reference"]["format"], "reference.format");
  spec.sample_format = reader.FileFormat(production["format"], "production.format");
  spec.max_rows = reader.Count(production["maxRows"], "production.maxRows", kMaxRows);
  spec.min_samples = reader.Count(production["minSamples"], "production.minSamples", kMaxRows);
  spec.include = Names((*root)["features"]["include"]);
  spec.exclude = Names((*root)["features"]["exclude"]);
  (*root)["metrics"].ForEach(
      [&](const JsonView& metric) { spec.metrics.push_back(ReadMetric(reader, metric)); });
  (*root)["overrides"].ForEach([&](const JsonView& item) {
    spec.overrides.push_back({item["feature"].Text(),
                              reader.MetricName(item["metric"], "overrides.metric"),
                              reader.Decimal(item["threshold"], "overrides.threshold")});
  });
  spec.drift_share = reader.Decimal((*root)["decision"]["driftShare"], "decision.driftShare");
  if (spec.metrics.empty()) reader.Fault("metrics", "", "must name at least one metric");
  if (reader.FirstFault()) return Fail(Code::kInvalid, *reader.FirstFault());
  return spec;
}

}  // namespace slipway::drift_monitor
