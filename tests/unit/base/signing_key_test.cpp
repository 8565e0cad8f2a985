#include "operator/base/signing_key.hpp"

#include <gtest/gtest.h>

#include "operator/base/public_key.hpp"
#include "tests/unit/base/test_signer.hpp"

namespace slipway {
namespace {

constexpr const char* kText = "a report";
constexpr const char* kPublicKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEFVHubWkptuHEFZ7NjMk3SsPnRUE2\n"
    "um8TZlqvoGFJzf/5sKaOEG9MPsVd48Hyk6dbY1gwNAzDRskiWzHZxW3OPw==\n"
    "-----END PUBLIC KEY-----\n";

TEST(SigningKey, IsKnownByItsPublicPart) {
  for (const auto& pair : {testing::TestSigner::Ecdsa("P-256"), testing::TestSigner::Rsa(2048),
                           testing::TestSigner::Ed25519()}) {
    const auto key = SigningKey::Parse(pair.SecretPem());
    ASSERT_TRUE(key) << key.error().message;
    EXPECT_EQ(key->PublicPem(), pair.Pem());
    const auto known = PublicKey::Parse(key->PublicPem());
    ASSERT_TRUE(known) << known.error().message;
    const auto signature = key->Sign(kText);
    ASSERT_TRUE(signature) << signature.error().message;
    EXPECT_TRUE(known->Verifies(kText, *signature));
    EXPECT_FALSE(known->Verifies("another report", *signature));
    const auto other = PublicKey::Parse(testing::TestSigner::Ecdsa("P-256").Pem());
    EXPECT_FALSE(other->Verifies(kText, *signature));
  }
}

std::string WhyNot(const std::string& pem) {
  const auto key = SigningKey::Parse(pem);
  return key ? "" : key.error().message;
}

TEST(SigningKey, RefusesWhatIsNoneAndSaysWhatWouldBe) {
  constexpr const char* kNone = "is no private key in PEM (\"-----BEGIN PRIVATE KEY-----\")";
  EXPECT_EQ(WhyNot(""), kNone);
  EXPECT_EQ(WhyNot("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), kNone);
  EXPECT_EQ(WhyNot(kPublicKey), kNone);
  EXPECT_EQ(WhyNot(testing::TestSigner::Rsa(1024).SecretPem()),
            "is a key of RSA with 1024 bits; ECDSA on P-256, P-384 or P-521, RSA of 2048 bits or "
            "more, or Ed25519 can be used");
  EXPECT_TRUE(
      WhyNot(testing::TestSigner::X25519().SecretPem()).starts_with("is a key of X25519 with"));
}

TEST(SigningKey, AsksNobodyForAPassphrase) {
  constexpr const char* kEncrypted = "is encrypted, and nobody is asked for a passphrase";
  EXPECT_TRUE(WhyNot("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n").starts_with(kEncrypted));
  EXPECT_TRUE(
      WhyNot("-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n").starts_with(kEncrypted));
}

TEST(FingerprintOf, IsTheDigestOfTheKeyInDer) {
  // openssl pkey -pubin -outform DER | sha256sum
  EXPECT_EQ(FingerprintOf(kPublicKey),
            "SHA256:906de0ee69f55cc35eef36af3a511142410a9328bd2405539a54c4b663e0d67a");
  EXPECT_EQ(FingerprintOf("no key"), "");
}

}  // namespace
}  // namespace slipway
