#include "controllers/drift_monitor/wasserstein.hpp"

#include <algorithm>
#include <cmath>

namespace slipway::drift_monitor {
namespace {

// Sums run in long double: with values near 1e308 a square or a difference leaves the range of
// double, and the distance would be "not a number" just where the drift is greatest.
using Wide = long double;

constexpr Wide kSmallestDeviation = 1e-3L;

std::vector<double> SortedPresent(std::span<const double> values) {
  std::vector<double> present;
  present.reserve(values.size());
  std::ranges::copy_if(values, std::back_inserter(present),
                       [](double value) { return std::isfinite(value); });
  std::ranges::sort(present);
  return present;
}

/// The deviation of the whole reference (divided by n, as numpy.std does), not an estimate.
Wide StandardDeviation(std::span<const double> values) {
  const Wide count = static_cast<Wide>(values.size());
  Wide sum = 0;
  for (const double value : values) sum += value;
  const Wide mean = sum / count;
  Wide squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / count);
}

Wide Area(std::span<const double> reference, std::span<const double> sample) {
  const Wide reference_step = Wide{1} / static_cast<Wide>(reference.size());
  const Wide sample_step = Wide{1} / static_cast<Wide>(sample.size());
  std::size_t below_reference = 0;
  std::size_t below_sample = 0;
  double at = std::min(reference.front(), sample.front());
  Wide area = 0;
  while (below_reference < reference.size() || below_sample < sample.size()) {
    const bool from_reference =
        below_sample == sample.size() ||
        (below_reference < reference.size() && reference[below_reference] <= sample[below_sample]);
    const double next = from_reference ? reference[below_reference] : sample[below_sample];
    const Wide gap = static_cast<Wide>(below_reference) * reference_step -
                     static_cast<Wide>(below_sample) * sample_step;
    area += std::abs(gap) * (Wide{next} - Wide{at});
    at = next;
    ++(from_reference ? below_reference : below_sample);
  }
  return area;
}

}  // namespace

double WassersteinDistance(std::span<const double> sorted_reference,
                           std::span<const double> sorted_sample) {
  return static_cast<double>(Area(sorted_reference, sorted_sample));
}

double NormalizedWassersteinDistance(std::span<const double> reference,
                                     std::span<const double> sample) {
  const auto reference_values = SortedPresent(reference);
  const auto sample_values = SortedPresent(sample);
  if (reference_values.empty() || sample_values.empty()) {
    return reference_values.empty() && sample_values.empty() ? 0 : kMaxDistance;
  }
  const Wide scale = std::max(StandardDeviation(reference_values), kSmallestDeviation);
  const Wide distance = Area(reference_values, sample_values) / scale;
  return static_cast<double>(std::min(distance, Wide{kMaxDistance}));
}

}  // namespace slipway::drift_monitor
