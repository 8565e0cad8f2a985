#pragma once

#include <span>
#include <string>
#include <vector>

namespace slipway::drift_monitor {

/// The least share that a bin is taken to have. Without it an empty bin makes the index infinite.
inline constexpr double kSmallestShare = 1e-4;

/// Upper edges (inclusive) of the bins of a numeric feature: the reference's quantiles at 1/bins,
/// 2/bins, ... by linear interpolation (numpy.quantile's default), without repetitions; above the
/// last edge there is one more bin. A value that several quantiles fall on, such as the zero of a
/// mostly-zero feature, gets a bin of its own, and so does a lowest value that a quantile falls
/// on: otherwise a constant that falls would stay unseen.
/// Missing values (NaN) are left out; an empty reference gives no edge, hence one bin.
std::vector<double> QuantileEdges(std::span<const double> reference, std::size_t bins);

/// Sum of (s - r) * ln(s / r) over bins, each share taken as at least kSmallestShare. Both lists
/// describe the same bins. The usual reading: below 0.1 stable, above 0.2 drifted.
double PopulationStabilityIndex(std::span<const double> reference_shares,
                                std::span<const double> sample_shares);

/// The index of a numeric feature over the reference's quantile bins. Missing values are a bin of
/// their own. A side without any row counts as having only missing values.
double NumericPsi(std::span<const double> reference, std::span<const double> sample,
                  std::size_t bins);

/// The index of a categorical feature: one bin for each value of the reference, one for missing
/// values (the empty text), one for all values the reference does not have.
double CategoricalPsi(std::span<const std::string> reference, std::span<const std::string> sample);

}  // namespace slipway::drift_monitor
