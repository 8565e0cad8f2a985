#include "controllers/common/quantity.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace slipway {
namespace {

struct Case {
  std::string_view written;
  std::string_view stored;
};

// The right column is what k8s.io/apimachinery v0.35.4 gives:
//   q := resource.MustParse(written); q.Add(resource.Quantity{}); q.String()
// (Add makes it forget the text it was parsed from.)
constexpr Case kCases[] = {
    {"1000m", "1"},
    {"1024Mi", "1Gi"},
    {"2000m", "2"},
    {"100m", "100m"},
    {"0100m", "100m"},
    {"0.5", "500m"},
    {".5", "500m"},
    {"1.", "1"},
    {"2.50", "2500m"},
    {"0.001", "1m"},
    {"0.00100", "1m"},
    {"1500u", "1500u"},
    {"1000000n", "1m"},
    {"0.1n", "1n"},
    {"1.0000000001", "1000000001n"},
    {"1000k", "1M"},
    {"1000000k", "1G"},
    {"1000G", "1T"},
    {"12E", "12E"},
    {"129M", "129M"},
    {"128974848", "128974848"},
    {"1.5Gi", "1536Mi"},
    {".5Gi", "512Mi"},
    {"1000Mi", "1000Mi"},
    {"1024Ki", "1Mi"},
    {"1536Ki", "1536Ki"},
    {"1048576Ki", "1Gi"},
    {"1048576", "1048576"},
    {"0.5Ki", "512"},
    {"1023.5Ki", "1048064"},
    {"1.5Ki", "1536"},
    {"62.5Ki", "64k"},
    {"999.9999999999Ki", "1023999999999898n"},
    {"100u", "100u"},
    {"1e-5", "10e-6"},
    {"5.5n", "6n"},
    {"1953.125Ki", "2M"},
    {"0.9765625Ki", "1k"},
    {"1.1Ki", "1126400m"},
    {"0.3Gi", "322122547200m"},
    {"3Pi", "3Pi"},
    {"0", "0"},
    {"0Gi", "0"},
    {"0.0m", "0"},
    {"1e3", "1e3"},
    {"1E3", "1e3"},
    {"100e2", "10e3"},
    {"1e0", "1"},
    {"1e-1", "100e-3"},
    {"129E+6", "129e6"},
    {"5e-10", "1e-9"},
    {"1e1", "10"},
};

TEST(Quantity, BecomesWhatTheApiServerStores) {
  for (const auto& [written, stored] : kCases) {
    EXPECT_EQ(CanonicalQuantity(written), stored) << written;
  }
}

TEST(Quantity, InCanonicalFormStaysAsItIs) {
  for (const auto& [written, stored] : kCases) {
    EXPECT_EQ(CanonicalQuantity(stored), stored);
  }
}

TEST(Quantity, ThatIsNoneOrTooLargeIsLeftToTheApiServer) {
  for (const std::string_view text :
       {"", ".", "m", "1.2.3", "1 Gi", "1Zi", "1K", "-1", "one", "1e", "1e+", "1e+-7", "1e1x",
        "1234567890123456789", "9000000000000Ei", "579000E", "1e300"}) {
    EXPECT_EQ(CanonicalQuantity(text), text);
  }
}

// As an API server of 1.35 answered for the containers of a Deployment.
TEST(Quantity, OfAResourceIsRoundedUpToThousandths) {
  constexpr std::pair<std::string_view, std::string_view> kResources[] = {
      {"100u", "1m"},        {"1n", "1m"},           {"0.0001", "1m"},
      {"1e-5", "1e-3"},      {"1e-2", "10e-3"},      {"999.9999999999Ki", "1000Ki"},
      {"100.0001m", "101m"}, {"5e-1", "500e-3"},     {"1.00001Ki", "1024011m"},
      {"0.0000001Ki", "1m"}, {"12345.6789u", "13m"},
  };
  for (const auto& [written, stored] : kResources) {
    const api::Resources resources{{}, {{"cpu", std::string(written)}}};
    EXPECT_EQ(CanonicalResources(resources)["limits"]["cpu"], stored) << written;
  }
}

TEST(Quantity, ResourcesKeepTheirNames) {
  const api::Resources resources{{{"cpu", "0.5"}, {"nvidia.com/gpu", "1"}}, {{"memory", "2048Mi"}}};
  const nlohmann::json expected = {{"requests", {{"cpu", "500m"}, {"nvidia.com/gpu", "1"}}},
                                   {"limits", {{"memory", "2Gi"}}}};
  EXPECT_EQ(CanonicalResources(resources), expected);
  EXPECT_EQ(CanonicalResources({}), nlohmann::json::object());
}

TEST(QuantityValue, IsAboutTheNumberThatIsMeant) {
  EXPECT_DOUBLE_EQ(QuantityValue("1500m").value(), 1.5);
  EXPECT_DOUBLE_EQ(QuantityValue("8").value(), 8);
  EXPECT_DOUBLE_EQ(QuantityValue("1.5Gi").value(), 1.5 * (1U << 30U));
  EXPECT_DOUBLE_EQ(QuantityValue("2e3").value(), 2000);
  EXPECT_DOUBLE_EQ(QuantityValue("4Ti").value(), 4.0 * (1ULL << 40U));
  for (const char* text : {"", "much", "1Q", "-1", "e3"}) EXPECT_FALSE(QuantityValue(text)) << text;
}

}  // namespace
}  // namespace slipway
