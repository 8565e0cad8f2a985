#include "operator/base/digest.hpp"

#include <gtest/gtest.h>

#include "operator/base/lower_case.hpp"

namespace slipway {
namespace {

TEST(IsSha256Digest, TakesWhatRegistriesWriteAndNothingElse) {
  const std::string digits = PlainSha256Hex("abc");
  EXPECT_TRUE(IsSha256Digest("sha256:" + digits));
  for (const std::string& other :
       {std::string(), digits, "sha256:" + digits.substr(1), "sha256:" + digits + "0",
        "sha512:" + digits, "sha256:" + digits.substr(1) + "A", "sha256:" + digits.substr(1) + "g",
        " sha256:" + digits}) {
    EXPECT_FALSE(IsSha256Digest(other)) << other;
  }
}

TEST(InLowerCase, ChangesAsciiLettersOnly) {
  EXPECT_EQ(InLowerCase("S3://Models.CORP/Ä?%2E"), "s3://models.corp/Ä?%2e");
  EXPECT_EQ(InLowerCase(""), "");
}

}  // namespace
}  // namespace slipway
