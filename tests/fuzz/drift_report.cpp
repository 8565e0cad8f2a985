// The spec of an evaluation, then the reference, then production, compared and reported; a report
// that comes as the first part is read as one.
#include <algorithm>
#include <sstream>

#include "controllers/drift_monitor/readers.hpp"
#include "controllers/drift_monitor/report.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

using namespace drift_monitor;  // NOLINT(google-build-using-namespace): all of it is used.

/// As the CRD wants it: '^[0-9]{1,N}(\.[0-9]{1,9})?$'.
bool IsDecimal(const std::string& text) {
  const auto digits = [](std::string_view part) {
    return !part.empty() && part.size() <= 10 &&
           part.find_first_not_of("0123456789") == std::string_view::npos;
  };
  const std::size_t point = text.find('.');
  if (point == std::string::npos) return digits(text);
  return digits(text.substr(0, point)) && digits(text.substr(point + 1));
}

void CheckReport(std::string_view text) {
  const auto summary = ReadReport(text);
  if (!summary) return;
  const auto& evaluation = summary->evaluation;
  Require(IsDecimal(evaluation.drift_share), "a share is a decimal", evaluation.drift_share);
  Require(evaluation.samples >= 0 && evaluation.features >= 0, "counts are counts");
  Require(evaluation.worst.size() <= kMaxWorst, "the list is bounded");
  for (const auto& item : evaluation.worst) {
    Require(item.feature.size() <= 128 && IsUtf8(item.feature), "a name fits", item.feature);
    Require(IsDecimal(item.value), "a value is a decimal", item.value);
    Require(IsDecimal(item.threshold), "a threshold is a decimal", item.threshold);
  }
  Require(IsUtf8(summary->notes), "notes are UTF-8", summary->notes);
}

Result<Dataset> Read(std::string_view text, Format format, std::size_t max_rows) {
  std::istringstream stream{std::string(text)};
  return format == Format::kCsv ? ReadCsv(stream, max_rows) : ReadJsonLines(stream, max_rows);
}

}  // namespace

void Fuzz(std::string_view input) {
  const auto parts = Parts(input, 3);
  CheckReport(parts[0]);
  const auto spec = ParseEvaluationSpec(parts[0]);
  if (!spec || parts.size() < 3) return;
  const auto reference = Read(parts[1], spec->reference_format, 1000);
  const auto sample =
      Read(parts[2], spec->sample_format, std::min<std::size_t>(spec->max_rows, 1000));
  if (!reference || !sample) return;
  const auto report = Evaluate(*reference, *sample, *spec);
  if (!report) {
    Require(WriteFailure(report.error().message).size() <= kMaxReportBytes, "a failure fits");
    return;
  }
  DescribeReport(*report);
  const std::string written = WriteReport(*report);
  Require(written.size() <= kMaxReportBytes, "a report fits into a termination message");
  Require(ReadReport(written).has_value(), "a report can be read", written);
  CheckReport(written);
}

}  // namespace slipway::fuzz
