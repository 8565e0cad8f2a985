#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/drift_monitor/dataset.hpp"
#include "controllers/drift_monitor/evaluation_spec.hpp"
#include "operator/base/result.hpp"

namespace slipway::drift_monitor {

/// Ordered from good to bad, except that kInsufficientData says nothing either way.
enum class Verdict { kHealthy, kWarning, kDrift, kInsufficientData };

std::string_view ToString(Verdict verdict);

/// One feature by one metric.
struct MetricResult {
  Metric metric = Metric::kPopulationStabilityIndex;
  double value = 0;
  double threshold = 0;
  Verdict verdict = Verdict::kHealthy;
};

struct FeatureResult {
  std::string name;
  /// The worst of `results`; kInsufficientData when no metric of the spec fits the feature (a
  /// Wasserstein distance needs numbers).
  Verdict verdict = Verdict::kInsufficientData;
  std::vector<MetricResult> results;
};

struct Report {
  std::size_t samples = 0;
  std::size_t reference_samples = 0;
  std::vector<FeatureResult> features;
  std::size_t evaluated = 0;  ///< Features with a result.
  std::size_t drifted = 0;    ///< Those of them that drifted.
  double drift_share = 0;     ///< drifted / evaluated.
  Verdict verdict = Verdict::kInsufficientData;
  std::vector<std::string> notes;  ///< What the reader should know about the data, a clause each.
};

/// Compares the sample with the reference, feature by feature.
///
/// The reference alone decides bins, scale and whether a feature is numeric. Without
/// `include` the columns that both have are compared; an included column that the sample lacks
/// counts as having only missing values, since a feature that vanished is the worst of drifts.
///
/// The whole has drifted when the share of drifted features reaches `drift_share` (and is not 0).
/// It is at Warning when any feature has drifted, or when the share of features at Warning or
/// worse reaches `drift_share`: a single feature near its threshold is noise, one beyond it is
/// worth a look.
///
/// Fails with kInvalid when the spec names a column that does not exist, or when nothing is left
/// to compare. With fewer rows than `min_samples` the verdict is kInsufficientData.
Result<Report> Evaluate(const Dataset& reference, const Dataset& sample,
                        const EvaluationSpec& spec);

/// One line of `Worst`.
struct WorstResult {
  std::string_view feature;  ///< Points into the report.
  MetricResult result;
};

/// The results with the highest value relative to their threshold, worst first.
std::vector<WorstResult> Worst(const Report& report, std::size_t limit);

}  // namespace slipway::drift_monitor
