#include "controllers/drift_monitor/report.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "controllers/common/text.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway::drift_monitor {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxFeatureName = 128;  // maxLength of the CRD.
constexpr std::size_t kMaxNotes = 600;
constexpr int kThresholdDigits = 9;  // As many as the API lets a user write.

double Rounded(double value) { return std::round(value * 1e4) / 1e4; }

/// Column names come from the user's file and need not be UTF-8, which JSON has to be.
std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json ToJson(const WorstResult& item) {
  return {{"feature", OneLine(item.feature, kMaxFeatureName)},
          {"metric", ToString(item.result.metric)},
          {"value", Rounded(item.result.value)},
          {"threshold", item.result.threshold},
          {"verdict", ToString(item.result.verdict)}};
}

api::MetricName ReadMetric(std::string_view name) {
  for (const auto metric : {api::MetricName::kPopulationStabilityIndex,
                            api::MetricName::kNormalizedWassersteinDistance}) {
    if (ToString(metric) == name) return metric;
  }
  return api::MetricName::kUnknown;
}

api::FeatureState ReadState(std::string_view name) {
  for (const auto state :
       {api::FeatureState::kHealthy, api::FeatureState::kWarning, api::FeatureState::kDrift}) {
    if (ToString(state) == name) return state;
  }
  return api::FeatureState::kUnknown;
}

std::optional<Verdict> ReadVerdict(std::string_view name) {
  for (const auto verdict :
       {Verdict::kHealthy, Verdict::kWarning, Verdict::kDrift, Verdict::kInsufficientData}) {
    if (ToString(verdict) == name) return verdict;
  }
  return std::nullopt;
}

std::int32_t Count(const JsonView& view) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(view.IntOr(0), 0, kMax));
}

/// A line of the report, or nothing when it is none that a status could hold.
std::optional<api::WorstFeature> ReadWorst(const JsonView& view) {
  const api::WorstFeature item{OneLine(view["feature"].Text(), kMaxFeatureName),
                               ReadMetric(view["metric"].Text()),
                               Decimal(view["value"].Double().value_or(0)),
                               Decimal(view["threshold"].Double().value_or(0), kThresholdDigits),
                               ReadState(view["verdict"].Text())};
  const bool whole =
      item.metric != api::MetricName::kUnknown && item.state != api::FeatureState::kUnknown;
  return whole ? std::optional(item) : std::nullopt;
}

}  // namespace

std::string Decimal(double value, int digits) {
  constexpr double kLargest = 1e9;
  // Not std::clamp, which lets -0.0 and NaN through.
  const double written = value > 0 ? std::min(value, kLargest) : 0.0;
  std::string text = fmt::format("{:.{}f}", written, digits);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string WriteReport(const Report& report) {
  json body = {{"verdict", ToString(report.verdict)},
               {"samples", report.samples},
               {"referenceSamples", report.reference_samples},
               {"features", report.evaluated},
               {"driftedFeatures", report.drifted},
               {"driftShare", Rounded(report.drift_share)},
               {"notes", OneLine(fmt::format("{}", fmt::join(report.notes, "; ")), kMaxNotes)},
               {"worst", json::array()}};
  for (const auto& item : Worst(report, kMaxWorst)) {
    body["worst"].push_back(ToJson(item));
    if (Dump(body).size() <= kMaxReportBytes) continue;
    body["worst"].erase(body["worst"].size() - 1);
    break;
  }
  return Dump(body);
}

std::string WriteFailure(std::string_view message) { return Dump({{"error", OneLine(message)}}); }

Result<Summary> ReadReport(std::string_view text) {
  JsonParser parser;
  const auto root = parser.Parse(text);
  if (!root) return Fail(Code::kInternal, "the report is " + root.error().message);
  if ((*root)["error"].Exists()) return Fail(Code::kInvalid, (*root)["error"].Text());
  const auto verdict = ReadVerdict((*root)["verdict"].Text());
  if (!verdict) return Fail(Code::kInternal, "the report has no verdict");
  Summary summary;
  summary.verdict = *verdict;
  auto& evaluation = summary.evaluation;
  evaluation.samples = std::max<std::int64_t>((*root)["samples"].IntOr(0), 0);
  evaluation.reference_samples = std::max<std::int64_t>((*root)["referenceSamples"].IntOr(0), 0);
  evaluation.features = Count((*root)["features"]);
  evaluation.drifted_features = Count((*root)["driftedFeatures"]);
  evaluation.drift_share = Decimal((*root)["driftShare"].Double().value_or(0));
  (*root)["worst"].ForEach([&](const JsonView& view) {
    const auto item = ReadWorst(view);
    if (item && evaluation.worst.size() < kMaxWorst) evaluation.worst.push_back(*item);
  });
  summary.notes = OneLine((*root)["notes"].Text(), kMaxNotes);
  return summary;
}

std::string DescribeReport(const Report& report) {
  std::string text = fmt::format(
      "{}: {} of {} features drifted (share {}); {} rows of production against {} of the "
      "reference\n",
      ToString(report.verdict), report.drifted, report.evaluated, Decimal(report.drift_share),
      report.samples, report.reference_samples);
  for (const auto& note : report.notes) text += fmt::format("note: {}\n", note);
  if (report.features.empty()) return text;
  constexpr std::string_view kRow = "{:<32} {:<30} {:>12} {:>12}  {}\n";
  text += fmt::format(kRow, "FEATURE", "METRIC", "VALUE", "THRESHOLD", "VERDICT");
  for (const auto& [feature, result] : Worst(report, std::numeric_limits<std::size_t>::max())) {
    text += fmt::format(kRow, OneLine(feature, kMaxFeatureName), ToString(result.metric),
                        Decimal(result.value), Decimal(result.threshold, kThresholdDigits),
                        ToString(result.verdict));
  }
  return text;
}

}  // namespace slipway::drift_monitor
