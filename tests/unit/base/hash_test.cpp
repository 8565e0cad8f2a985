#include "operator/base/hash.hpp"

#include <gtest/gtest.h>

#include <set>

namespace slipway {
namespace {

TEST(Sha256Hex, IsTheStandardDigestOfLengthPrefixedParts) {
  // printf '3:abc' | sha256sum
  EXPECT_EQ(Sha256Hex({"abc"}), "aab5f9ae99b2e38fb462025c8f72f570c9c811705d2a4277dc855d7fa293fe97");
  EXPECT_EQ(Sha256Hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256Hex, TellsApartHowTheSameTextIsSplit) {
  EXPECT_NE(Sha256Hex({"ab", "c"}), Sha256Hex({"a", "bc"}));
  EXPECT_NE(Sha256Hex({"abc", ""}), Sha256Hex({"abc"}));
  EXPECT_NE(Sha256Hex({"a", "b"}), Sha256Hex({"b", "a"}));
  EXPECT_NE(Sha256Hex({"2:ab"}), Sha256Hex({"ab"}));
}

TEST(ShortHash, IsStableAcrossReleases) {
  // Names of running pods contain it: a change here would orphan them.
  EXPECT_EQ(ShortHash({"0b0e7b3e-6f1c-4a0e-9d8c-1f6f2a1f7f10", "worker", "0"}), "k7jm7b7l");
}

TEST(ShortHash, HasEightCharactersOfTheKubernetesAlphabet) {
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const std::string hash = ShortHash({"owner", std::to_string(i)});
    EXPECT_EQ(hash.size(), 8U);
    EXPECT_EQ(hash.find_first_not_of("bcdfghjklmnpqrstvwxz2456789"), std::string::npos) << hash;
    seen.insert(hash);
  }
  EXPECT_EQ(seen.size(), 2000U);
}

}  // namespace
}  // namespace slipway
