#pragma once

#include <span>
#include <vector>

namespace slipway::drift_monitor {

/// The largest normalized distance that is reported. It also stands for "no value left to
/// compare": a feature that has values on one side only is as far away as can be.
inline constexpr double kMaxDistance = 1e6;

/// The first Wasserstein distance between two samples of any sizes: the area between their
/// empirical distribution functions, in the unit of the values. Both must be sorted, finite and
/// not empty. Equals scipy.stats.wasserstein_distance.
double WassersteinDistance(std::span<const double> sorted_reference,
                           std::span<const double> sorted_sample);

/// W1 / max(standard deviation of the reference, 0.001): how many reference deviations the mass
/// has moved on average. The same definition as Evidently's and Azure ML's, so thresholds carry
/// over. Missing values (NaN) are left out; without any value on one side the result is
/// kMaxDistance, on both sides 0. Never above kMaxDistance.
double NormalizedWassersteinDistance(std::span<const double> reference,
                                     std::span<const double> sample);

}  // namespace slipway::drift_monitor
