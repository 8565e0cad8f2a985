#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "operator/base/public_key.hpp"
#include "operator/kube/image_signatures.hpp"

namespace slipway {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string Carried(const std::string& name) {
  std::ifstream file(fs::path(SLIPWAY_SOURCE_DIR) / "tests/signatures" / name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Cosign, BothOfItsFormsAreVerified) {
  const auto key = PublicKey::Parse(Carried("cosign.pub"));
  ASSERT_TRUE(key);
  std::vector<ImageSignature> found;
  ASSERT_TRUE(ReadImageSignatures(Carried("cosign-2.json"), found));
  ASSERT_TRUE(ReadImageSignatures(Carried("cosign-3.json"), found));
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_THAT(found[0].signed_bytes, HasSubstr("registry.example.com/ml/churn"));
  EXPECT_EQ(found[0].digest, found[1].digest);
  for (const auto& one : found) {
    EXPECT_TRUE(key->Verifies(one.signed_bytes, one.signature)) << one.signed_bytes;
    EXPECT_FALSE(key->Verifies(one.signed_bytes + " ", one.signature));
  }
}

}  // namespace
}  // namespace slipway
