#include <gtest/gtest.h>

#include "controllers/common/decimal.hpp"

namespace slipway {
namespace {

TEST(DiffersBy, IsExactWhereBinaryNumbersAreNot) {
  EXPECT_TRUE(DiffersBy("0.3", "0.1", "0.2"));
  EXPECT_TRUE(DiffersBy("0.843", "0.841", "0.002"));
  EXPECT_FALSE(DiffersBy("0.842999999999999999", "0.841", "0.002"));
  EXPECT_TRUE(DiffersBy("1.0", "1", "0"));
  EXPECT_TRUE(DiffersBy("1e-07", "0.0000001", "0"));
  EXPECT_FALSE(DiffersBy("0.0000001", "1e-07", "0.000000000000001"));
}

TEST(DiffersBy, KnowsSignsAndMargins) {
  EXPECT_TRUE(DiffersBy("-0.1", "-0.3", "0.2"));
  EXPECT_FALSE(DiffersBy("-0.3", "-0.1", "0"));
  EXPECT_TRUE(DiffersBy("0.840", "0.841", "-0.002")) << "a loss that is tolerated";
  EXPECT_TRUE(DiffersBy("1.7976931348623157e+308", "5e-324", "999999999999999.9"));
}

TEST(DiffersBy, IsFalseForWhatIsNoNumber) {
  for (const char* text : {"", "nan", "abc", "1.2.3", "--1", "0x"}) {
    EXPECT_FALSE(DiffersBy(text, "0", "0")) << text;
    EXPECT_FALSE(DiffersBy("0", text, "0")) << text;
    EXPECT_FALSE(DiffersBy("0", "0", text)) << text;
  }
}

}  // namespace
}  // namespace slipway
