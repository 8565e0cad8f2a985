#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "controllers/drift_monitor/evaluate.hpp"
#include "crds/generated/types.hpp"
#include "operator/base/result.hpp"

namespace slipway::drift_monitor {

/// A report goes from the evaluation pod to the operator as the container's termination message,
/// of which the kubelet keeps 4096 bytes
/// (https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/).
inline constexpr std::size_t kMaxReportBytes = 4000;
/// How many features a report and a status name at most (maxItems of the CRD).
inline constexpr std::size_t kMaxWorst = 20;

/// What the operator learns from a report.
struct Summary {
  Verdict verdict = Verdict::kInsufficientData;
  api::Evaluation evaluation;  ///< Without run and time, which the operator knows.
  std::string notes;           ///< One line; may be empty.
};

/// The number as the API's decimal text: not negative, at most `digits` (up to 9) after the point,
/// no trailing zeros.
std::string Decimal(double value, int digits = 4);

/// The report as compact JSON of at most kMaxReportBytes; the least bad features are left out
/// when it would be longer.
std::string WriteReport(const Report& report);
/// A report that says why there is none.
std::string WriteFailure(std::string_view message);

/// Reads what WriteReport or WriteFailure wrote. Fails with kInvalid and the evaluation's own
/// message when it says that it failed, and with kInternal when the text is no report.
Result<Summary> ReadReport(std::string_view text);

/// The report as a table for people, every feature by every metric.
std::string DescribeReport(const Report& report);

}  // namespace slipway::drift_monitor
