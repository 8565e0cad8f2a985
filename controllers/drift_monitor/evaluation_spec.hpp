#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/result.hpp"

namespace slipway::drift_monitor {

enum class Format { kCsv, kJsonLines };
enum class Metric { kPopulationStabilityIndex, kNormalizedWassersteinDistance };

/// The name of the metric in the API.
std::string_view ToString(Metric metric);

struct MetricRule {
  Metric metric = Metric::kPopulationStabilityIndex;
  double warning = 0;    ///< From this value on the feature is at Warning.
  double threshold = 0;  ///< From this value on it has drifted.
  std::size_t bins = 10;
};

struct ThresholdOverride {
  std::string feature;
  Metric metric = Metric::kPopulationStabilityIndex;
  double threshold = 0;
};

/// What an evaluation has to know of a DriftMonitor.
struct EvaluationSpec {
  Format reference_format = Format::kCsv;
  Format sample_format = Format::kCsv;
  std::size_t max_rows = 0;     ///< Newest rows of the sample that are looked at.
  std::size_t min_samples = 0;  ///< With fewer rows there is no verdict.
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::vector<MetricRule> metrics;
  std::vector<ThresholdOverride> overrides;
  double drift_share = 0;
};

/// Reads `.spec` of a DriftMonitor as the API server stores it, so that a user can repeat an
/// evaluation by hand with the output of `kubectl get dm NAME -o jsonpath={.spec}`. Fields that
/// the API server would have set or checked are errors when missing or wrong.
Result<EvaluationSpec> ParseEvaluationSpec(std::string_view json);

}  // namespace slipway::drift_monitor
