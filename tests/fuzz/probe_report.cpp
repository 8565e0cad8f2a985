// The termination message of a container that was to look at its network.
#include "controllers/common/probe_report.hpp"

#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {

void Fuzz(std::string_view input) {
  const auto report = ReadProbeReport(input);
  if (!report) {
    Require(IsUtf8(report.error().message), "an error is UTF-8", report.error().message);
    return;
  }
  Require(report->checks.size() <= 32 && report->took.count() >= 0, "what is read is bounded");
  for (const auto& check : report->checks) {
    Require(!check.target.empty() && check.target.size() <= 300 && check.took.count() >= 0,
            "a check is bounded", check.target);
  }
  const std::string text = DescribeProbe(*report);
  Require(IsUtf8(text) && text.size() <= 1024, "a line fits into a condition", text);
  const std::string written = WriteProbeReport(*report);
  Require(IsUtf8(written) && written.size() <= kMaxProbeReport, "a report fits", written);
  const auto again = ReadProbeReport(written);
  Require(again && again->reason == report->reason, "a verdict is read as it was written", written);
}

}  // namespace slipway::fuzz
