#include "controllers/drift_monitor/psi.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <unordered_map>

namespace slipway::drift_monitor {
namespace {

/// The quantile part/whole of the sorted, not empty `values`, at position part/whole * (n - 1) as
/// in numpy. The position is kept in whole numbers: rounded, it would put the edge a hair below
/// the value it falls on, and all rows with that value into the next bin.
double Quantile(std::span<const double> values, std::size_t part, std::size_t whole) {
  const std::size_t scaled = part * (values.size() - 1);
  const double low = values[scaled / whole];
  const std::size_t remainder = scaled % whole;
  if (remainder == 0) return low;
  const double high = values[scaled / whole + 1];
  if (low == high) return low;
  // A weighted sum, since high - low can leave the range of double.
  const double weight = static_cast<double>(remainder) / static_cast<double>(whole);
  return (1 - weight) * low + weight * high;
}

/// Shares of counts; without any count everything lies in the last bin, that of missing values.
std::vector<double> Shares(const std::vector<std::size_t>& counts, std::size_t total) {
  std::vector<double> shares(counts.size(), 0.0);
  if (total == 0) {
    shares.back() = 1;
    return shares;
  }
  std::ranges::transform(counts, shares.begin(), [&](std::size_t count) {
    return static_cast<double>(count) / static_cast<double>(total);
  });
  return shares;
}

std::vector<double> NumericShares(std::span<const double> values, std::span<const double> edges) {
  const std::size_t missing = edges.size() + 1;
  std::vector<std::size_t> counts(missing + 1, 0);
  for (const double value : values) {
    const auto bin = std::ranges::lower_bound(edges, value) - edges.begin();
    ++counts[std::isfinite(value) ? static_cast<std::size_t>(bin) : missing];
  }
  return Shares(counts, values.size());
}

/// Number of the bin of each value of the reference, 0 to size-1.
using Categories = std::unordered_map<std::string_view, std::size_t>;

Categories CategoriesOf(std::span<const std::string> reference) {
  Categories categories;
  for (const auto& value : reference) {
    if (!value.empty()) categories.try_emplace(value, categories.size());
  }
  return categories;
}

std::vector<double> CategoricalShares(std::span<const std::string> values,
                                      const Categories& categories) {
  const std::size_t unseen = categories.size();
  const std::size_t missing = unseen + 1;
  std::vector<std::size_t> counts(missing + 1, 0);
  for (const auto& value : values) {
    const auto known = categories.find(value);
    const std::size_t bin = known == categories.end() ? unseen : known->second;
    ++counts[value.empty() ? missing : bin];
  }
  return Shares(counts, values.size());
}

double JustBelow(double value) {
  return std::nextafter(value, std::numeric_limits<double>::lowest());
}

}  // namespace

std::vector<double> QuantileEdges(std::span<const double> reference, std::size_t bins) {
  std::vector<double> values;
  std::ranges::copy_if(reference, std::back_inserter(values),
                       [](double value) { return std::isfinite(value); });
  std::vector<double> edges;
  if (values.empty()) return edges;
  std::ranges::sort(values);
  double last = values.front();
  for (std::size_t i = 1; i < bins; ++i) {
    const double edge = Quantile(values, i, bins);
    if (edge == last) edges.push_back(JustBelow(edge));
    edges.push_back(edge);
    last = edge;
  }
  std::ranges::sort(edges);
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

double PopulationStabilityIndex(std::span<const double> reference_shares,
                                std::span<const double> sample_shares) {
  double index = 0;
  for (std::size_t bin = 0; bin < reference_shares.size(); ++bin) {
    const double reference = std::max(reference_shares[bin], kSmallestShare);
    const double sample = std::max(sample_shares[bin], kSmallestShare);
    index += (sample - reference) * std::log(sample / reference);
  }
  return index;
}

double NumericPsi(std::span<const double> reference, std::span<const double> sample,
                  std::size_t bins) {
  const auto edges = QuantileEdges(reference, bins);
  return PopulationStabilityIndex(NumericShares(reference, edges), NumericShares(sample, edges));
}

double CategoricalPsi(std::span<const std::string> reference, std::span<const std::string> sample) {
  const Categories categories = CategoriesOf(reference);
  return PopulationStabilityIndex(CategoricalShares(reference, categories),
                                  CategoricalShares(sample, categories));
}

}  // namespace slipway::drift_monitor
