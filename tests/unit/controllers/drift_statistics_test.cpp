#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "controllers/drift_monitor/psi.hpp"
#include "controllers/drift_monitor/wasserstein.hpp"

// The expected numbers come from NumPy 2.4 and SciPy 1.17. `Uniform` below is
//   def uniform(n, x):
//       for _ in range(n): x = (1103515245 * x + 12345) % 2**31; yield x / 2**31
// and
//   ref = -np.log(1 - np.array(list(uniform(500, 42))))
//   now = -1.5 * np.log(1 - np.array(list(uniform(333, 7)))) + 0.25
//   scipy.stats.wasserstein_distance(ref, now) / max(np.std(ref), 1e-3)
//   edges = np.unique(np.quantile(ref, np.arange(1, bins) / bins))
//   share = lambda x: np.maximum(np.append(np.bincount(np.searchsorted(edges, x[~np.isnan(x)]),
//               minlength=len(edges) + 1), np.isnan(x).sum()) / len(x), 1e-4)
//   r, s = share(ref), share(now); np.sum((s - r) * np.log(s / r))
namespace slipway::drift_monitor {
namespace {

using Values = std::vector<double>;
using Texts = std::vector<std::string>;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kExact = 1e-9;

Values Uniform(std::size_t count, std::uint64_t seed) {
  Values values;
  for (std::size_t i = 0; i < count; ++i) {
    seed = (1103515245 * seed + 12345) % (1ULL << 31);
    values.push_back(static_cast<double>(seed) / static_cast<double>(1ULL << 31));
  }
  return values;
}

Values ReferenceSample() {
  Values values = Uniform(500, 42);
  std::ranges::transform(values, values.begin(), [](double u) { return -std::log(1 - u); });
  return values;
}

Values ProductionSample() {
  Values values = Uniform(333, 7);
  std::ranges::transform(values, values.begin(),
                         [](double u) { return -1.5 * std::log(1 - u) + 0.25; });
  return values;
}

Values WithHoles(Values values, std::size_t step) {
  for (std::size_t i = 0; i < values.size(); i += step) values[i] = kNaN;
  return values;
}

TEST(Wasserstein, EqualsSciPyOnSmallSamples) {
  EXPECT_DOUBLE_EQ(WassersteinDistance(Values{1, 2, 3, 4}, Values{2, 3}), 0.5);
  EXPECT_DOUBLE_EQ(WassersteinDistance(Values{0, 1, 3}, Values{5, 6, 8}), 5);
  EXPECT_DOUBLE_EQ(WassersteinDistance(Values{0}, Values{0, 10}), 5);
}

TEST(Wasserstein, EqualsSciPyOnSamplesOfUnequalSize) {
  Values reference = ReferenceSample();
  Values sample = ProductionSample();
  EXPECT_NEAR(NormalizedWassersteinDistance(reference, sample), 0.522601905162, kExact);
  std::ranges::sort(reference);
  std::ranges::sort(sample);
  EXPECT_NEAR(WassersteinDistance(reference, sample), 0.607897242783, kExact);
}

TEST(Wasserstein, IsSymmetricAndZeroOnlyForEqualDistributions) {
  const Values a{1, 2, 5};
  const Values b{1, 3, 3, 9};
  EXPECT_DOUBLE_EQ(WassersteinDistance(a, b), WassersteinDistance(b, a));
  EXPECT_DOUBLE_EQ(WassersteinDistance(a, a), 0);
  EXPECT_DOUBLE_EQ(WassersteinDistance(Values{1, 2}, Values{1, 1, 2, 2}), 0);
}

TEST(Wasserstein, LeavesMissingAndInfiniteValuesOut) {
  EXPECT_NEAR(NormalizedWassersteinDistance(WithHoles(ReferenceSample(), 10),
                                            WithHoles(ProductionSample(), 3)),
              0.657728122498, kExact);
  EXPECT_DOUBLE_EQ(NormalizedWassersteinDistance(Values{0, 2, kInfinity}, Values{0, 2, -kInfinity}),
                   0);
}

TEST(Wasserstein, OfAConstantIsScaledByTheSmallestDeviation) {
  EXPECT_DOUBLE_EQ(NormalizedWassersteinDistance(Values{5, 5, 5}, Values{5}), 0);
  EXPECT_NEAR(NormalizedWassersteinDistance(Values{5, 5, 5}, Values{5.002}), 2, kExact);
}

TEST(Wasserstein, OfOneRowIsThePlainDistance) {
  EXPECT_NEAR(NormalizedWassersteinDistance(Values{1}, Values{2}), 1 / 1e-3, kExact);
}

TEST(Wasserstein, WithoutAnyValueOnOneSideIsTheLargest) {
  const Values missing{kNaN, kNaN};
  EXPECT_EQ(NormalizedWassersteinDistance(missing, Values{1, 2}), kMaxDistance);
  EXPECT_EQ(NormalizedWassersteinDistance(Values{1, 2}, missing), kMaxDistance);
  EXPECT_EQ(NormalizedWassersteinDistance(Values{1, 2}, Values{}), kMaxDistance);
  EXPECT_EQ(NormalizedWassersteinDistance(missing, missing), 0);
}

TEST(Wasserstein, StaysFiniteAtTheEndsOfTheRange) {
  const Values wide{-1e308, 0, 1e308};
  EXPECT_NEAR(NormalizedWassersteinDistance(wide, Values{1e308, 1e308, 1e308}), 1.224744871391589,
              kExact);
  EXPECT_EQ(NormalizedWassersteinDistance(Values{0, 0}, Values{1e308}), kMaxDistance);
}

TEST(QuantileEdgesTest, AreNumPysLinearQuantiles) {
  EXPECT_THAT(
      QuantileEdges(Values{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 4),
      ElementsAre(DoubleNear(3.25, kExact), DoubleNear(5.5, kExact), DoubleNear(7.75, kExact)));
}

TEST(QuantileEdgesTest, HitAValueExactlyWhereTheQuantileFallsOnIt) {
  // 0.3 * 10 is not 3 in binary; an edge below 3 would put the threes into the next bin.
  Values values(11);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  EXPECT_THAT(QuantileEdges(values, 10), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(QuantileEdgesTest, GiveARepeatedValueABinOfItsOwn) {
  const auto edges = QuantileEdges(Values{0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 5);
  ASSERT_EQ(edges.size(), 4U);
  EXPECT_LT(edges[0], 0);
  EXPECT_GT(edges[0], -1e-300);
  EXPECT_EQ(edges[1], 0);
  EXPECT_NEAR(edges[2], 0.4, kExact);
  EXPECT_NEAR(edges[3], 2.2, kExact);
}

TEST(QuantileEdgesTest, OfNothingAreNone) {
  EXPECT_THAT(QuantileEdges(Values{kNaN, kInfinity}, 10), IsEmpty());
}

TEST(Psi, EqualsNumPyForEveryNumberOfBins) {
  const Values reference = ReferenceSample();
  const Values sample = ProductionSample();
  EXPECT_NEAR(NumericPsi(reference, sample, 2), 0.215447815480, kExact);
  EXPECT_NEAR(NumericPsi(reference, sample, 10), 1.511896497120, kExact);
  EXPECT_NEAR(NumericPsi(reference, sample, 100), 1.556231135073, kExact);
}

TEST(Psi, CountsMissingValuesAsABin) {
  EXPECT_NEAR(NumericPsi(WithHoles(ReferenceSample(), 10), WithHoles(ProductionSample(), 3), 10),
              1.601588241833, kExact);
  EXPECT_GT(NumericPsi(Values{1, 2, 3}, Values{kNaN, kNaN, kNaN}, 10), 5);
  EXPECT_EQ(NumericPsi(Values{kNaN}, Values{kNaN, kNaN}, 10), 0);
  EXPECT_GT(NumericPsi(Values{kNaN, kNaN}, Values{1, 2}, 10), 5);
}

TEST(Psi, OfEmptyAndTinySamples) {
  EXPECT_EQ(NumericPsi(Values{}, Values{}, 10), 0);
  EXPECT_GT(NumericPsi(Values{1, 2, 3}, Values{}, 10), 5);
  EXPECT_EQ(NumericPsi(Values{1}, Values{1}, 10), 0);
  EXPECT_GT(NumericPsi(Values{1}, Values{2}, 10), 5);
  const Values four{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_NEAR(NumericPsi(four, Values{1, 1, 2, 9, 9, 9, 10, 10}, 4), 3.294116551575, kExact);
}

TEST(Psi, SeesAConstantMoveEitherWay) {
  const Values constant{5, 5, 5, 5};
  for (const std::size_t bins : {2U, 10U}) {
    EXPECT_EQ(NumericPsi(constant, Values{5, 5}, bins), 0);
    EXPECT_GT(NumericPsi(constant, Values{4, 4}, bins), 5) << bins << " bins";
    EXPECT_GT(NumericPsi(constant, Values{6, 6}, bins), 5) << bins << " bins";
  }
}

TEST(Psi, OfEqualSharesIsZeroWhateverTheSize) {
  Values twice = ReferenceSample();
  const Values once = twice;
  twice.insert(twice.end(), once.begin(), once.end());
  EXPECT_NEAR(NumericPsi(once, twice, 10), 0, kExact);
}

TEST(Psi, StaysFiniteAtTheEndsOfTheRange) {
  const double index = NumericPsi(Values{-1e308, 1e308}, Values{1e308, 1e308}, 3);
  EXPECT_TRUE(std::isfinite(index));
  EXPECT_GT(index, 0.2);
}

TEST(Psi, OfCategoriesEqualsNumPy) {
  // np.maximum([.5, .3, .2, 0, 0], 1e-4) against [.2, .3, 0, .4, .1]: a, b, c, unseen, missing.
  const Texts reference{"a", "a", "a", "a", "a", "b", "b", "b", "c", "c"};
  const Texts sample{"a", "a", "b", "b", "b", "x", "x", "y", "z", ""};
  EXPECT_NEAR(CategoricalPsi(reference, sample), 5.801182824672, kExact);
}

TEST(Psi, SeesThatEveryCategoryIsNew) {
  Texts reference;
  Texts sample;
  for (int i = 0; i < 20'000; ++i) {
    reference.push_back("a" + std::to_string(i % 3));
    sample.push_back("id-" + std::to_string(i));  // Each of a share below kSmallestShare.
  }
  EXPECT_GT(CategoricalPsi(reference, sample), 5);
  EXPECT_EQ(CategoricalPsi(reference, reference), 0);
}

TEST(Psi, OfCategoriesWithoutRows) {
  EXPECT_EQ(CategoricalPsi(Texts{}, Texts{}), 0);
  EXPECT_GT(CategoricalPsi(Texts{"a"}, Texts{}), 5);
  EXPECT_EQ(CategoricalPsi(Texts{"", ""}, Texts{""}), 0);
}

}  // namespace
}  // namespace slipway::drift_monitor
