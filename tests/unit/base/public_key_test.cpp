#include "operator/base/public_key.hpp"

#include <gmock/gmock.h>

#include "tests/unit/base/test_signer.hpp"

namespace slipway {
namespace {

using testing::TestSigner;

const std::string kText = R"({"critical":"what was signed"})";

struct Kind {
  std::string name;
  TestSigner signer;
  const EVP_MD* hash;
};

std::vector<Kind> Kinds() {
  std::vector<Kind> kinds;
  kinds.push_back({"P-256", TestSigner::Ecdsa("P-256"), EVP_sha256()});
  kinds.push_back({"P-384", TestSigner::Ecdsa("P-384"), EVP_sha256()});
  kinds.push_back({"P-384 over its own hash", TestSigner::Ecdsa("P-384"), EVP_sha384()});
  kinds.push_back({"P-521", TestSigner::Ecdsa("P-521"), EVP_sha256()});
  kinds.push_back({"P-521 over its own hash", TestSigner::Ecdsa("P-521"), EVP_sha512()});
  kinds.push_back({"RSA", TestSigner::Rsa(2048), EVP_sha256()});
  kinds.push_back({"Ed25519", TestSigner::Ed25519(), nullptr});
  return kinds;
}

TEST(PublicKey, KnowsWhatItsOwnerHasSigned) {
  for (const auto& [name, signer, hash] : Kinds()) {
    const auto key = PublicKey::Parse(signer.Pem());
    ASSERT_TRUE(key) << name << ": " << key.error().message;
    EXPECT_TRUE(key->Verifies(kText, signer.Sign(kText, hash))) << name;
    EXPECT_TRUE(key->Verifies("", signer.Sign("", hash))) << name;
  }
}

TEST(PublicKey, NothingElseIsTakenForIt) {
  for (const auto& [name, signer, hash] : Kinds()) {
    const auto key = PublicKey::Parse(signer.Pem());
    const std::string signature = signer.Sign(kText, hash);
    EXPECT_FALSE(key->Verifies(kText + " ", signature)) << name;
    EXPECT_FALSE(key->Verifies("", signature)) << name;
    EXPECT_FALSE(key->Verifies(kText, "")) << name;
    EXPECT_FALSE(key->Verifies(kText, signature + "x")) << name;
    EXPECT_FALSE(key->Verifies(kText, signature.substr(1))) << name;
    EXPECT_FALSE(key->Verifies(kText, std::string(signature.size(), '\0'))) << name;
    for (std::size_t i = 0; i < signature.size(); ++i) {
      std::string tampered = signature;
      tampered[i] = static_cast<char>(tampered[i] ^ 1);
      EXPECT_FALSE(key->Verifies(kText, tampered)) << name << ", byte " << i;
    }
  }
}

TEST(PublicKey, SomebodyElsesSignatureIsNot) {
  const auto kinds = Kinds();
  const auto others = Kinds();
  for (const auto& [name, signer, hash] : kinds) {
    const auto key = PublicKey::Parse(signer.Pem());
    for (const auto& other : others) {
      EXPECT_FALSE(key->Verifies(kText, other.signer.Sign(kText, other.hash)))
          << name << " by " << other.name;
    }
  }
}

TEST(PublicKey, AWeakHashIsNotTaken) {
  const TestSigner signer = TestSigner::Ecdsa("P-256");
  const auto key = PublicKey::Parse(signer.Pem());
  EXPECT_FALSE(key->Verifies(kText, signer.Sign(kText, EVP_sha1())));
  EXPECT_FALSE(key->Verifies(kText, signer.Sign(kText, EVP_sha512())));
  const TestSigner rsa = TestSigner::Rsa(2048);
  EXPECT_FALSE(PublicKey::Parse(rsa.Pem())->Verifies(kText, rsa.Sign(kText, EVP_sha1())));
}

TEST(PublicKey, WhatIsNoKeyIsSaid) {
  const std::string pem = TestSigner::Ecdsa("P-256").Pem();
  std::string damaged = pem;
  damaged[40] = damaged[40] == 'A' ? 'B' : 'A';
  for (const std::string& text :
       {std::string(), std::string("garbage"), std::string("-----BEGIN PUBLIC KEY-----"),
        std::string("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"), damaged,
        pem.substr(0, pem.size() / 2), std::string(2048, 'A'), std::string("\0\0\0", 3),
        TestSigner::Ecdsa("P-256").SecretPem()}) {
    const auto key = PublicKey::Parse(text);
    ASSERT_FALSE(key) << text;
    EXPECT_THAT(key.error().message, ::testing::HasSubstr("BEGIN PUBLIC KEY")) << text;
  }
}

TEST(PublicKey, WhatIsTooWeakOrUnknownIsSaid) {
  const auto why = [](const TestSigner& signer) {
    const auto key = PublicKey::Parse(signer.Pem());
    return key ? "" : key.error().message;
  };
  EXPECT_THAT(why(TestSigner::Rsa(1024)), ::testing::HasSubstr("RSA with 1024 bits"));
  EXPECT_THAT(why(TestSigner::Ecdsa("P-224")), ::testing::HasSubstr("EC with 224 bits"));
  EXPECT_THAT(why(TestSigner::Ecdsa("secp256k1")), ::testing::HasSubstr("EC with 256 bits"));
  EXPECT_THAT(why(TestSigner::X25519()), ::testing::HasSubstr("X25519"));
}

}  // namespace
}  // namespace slipway
