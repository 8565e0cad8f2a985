#include "controllers/training_job/report_reader.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/text.hpp"

namespace slipway::training_job {
namespace {

// What the CRD lets a status hold.
constexpr std::size_t kMaxName = 128;
constexpr std::size_t kMaxNumber = 32;

bool IsPrintable(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= ' ' && byte != 0x7F;
}

}  // namespace

bool IsText(std::string_view text, std::size_t max) {
  return !text.empty() && text.size() <= max && std::ranges::all_of(text, IsPrintable);
}

void ReportReader::Refuse(std::string_view member, const JsonView& value, std::string_view rule) {
  if (!complaint_.empty()) return;
  const std::string shown = OneLine(value.Dump(), 80);
  complaint_ =
      fmt::format("{} is {}, but must be {}", member, shown.empty() ? "missing" : shown, rule);
}

JsonView ReportReader::Object(const JsonView& report, std::string_view member) {
  const JsonView value = report[member];
  if (value.Exists() && !value.IsObject()) Refuse(member, value, "an object");
  return value;
}

std::string ReportReader::Name(const JsonView& value, std::string_view member) {
  std::string name = value.Text();
  if (!IsText(name, kMaxName)) Refuse(member, value, "a text of 1 to 128 characters");
  return name;
}

void ReportReader::AddMetric(std::vector<api::MetricValue>& metrics, std::size_t most,
                             std::string name, const JsonView& value) {
  // A program may well write what it has not measured as null, or as the text NaN.
  if (!value.Double()) return;
  const std::string member = fmt::format("metric {}", OneLine(name, 40));
  if (metrics.size() == most) {
    return Refuse(member, value, fmt::format("one of at most {} metrics", most));
  }
  if (std::ranges::find(metrics, name, &api::MetricValue::name) != metrics.end()) {
    return Refuse(member, value, "there once only");
  }
  std::string number = value.Dump();
  if (number.size() > kMaxNumber) return Refuse(member, value, "at most 32 characters long");
  metrics.push_back({std::move(name), std::move(number)});
}

std::vector<api::MetricValue> ReportReader::Metrics(const JsonView& given, std::size_t most) {
  std::vector<api::MetricValue> metrics;
  if (given.IsArray()) {
    given.ForEach([&](const JsonView& item) {
      AddMetric(metrics, most, Name(item["name"], "the name of a metric"), item["value"]);
    });
  } else if (given.IsObject()) {
    given.ForEachMember([&](std::string_view name, const JsonView& value) {
      if (!IsText(name, kMaxName)) {
        Refuse("the name of a metric", value, "a text of 1 to 128 characters");
      }
      AddMetric(metrics, most, std::string(name), value);
    });
  } else if (given.Exists()) {
    Refuse("metrics", given, "an object of numbers by name");
  }
  return metrics;
}

}  // namespace slipway::training_job
