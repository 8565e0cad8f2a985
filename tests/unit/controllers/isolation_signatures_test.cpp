#include <gmock/gmock.h>

#include "controllers/isolation/signatures.hpp"
#include "tests/unit/kube/carried_signature.hpp"

namespace slipway::isolation {
namespace {

using nlohmann::json;
using slipway::testing::Bundle;
using slipway::testing::CarriedLine;
using slipway::testing::Claim;
using slipway::testing::Digest;
using slipway::testing::Enveloped;
using slipway::testing::Statement;
using slipway::testing::TestSigner;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kImage = "registry.corp/ml/churn@" + Digest('a');

ObjectPtr ConfigMap(const std::string& name, const json& data,
                    const std::string& ns = "slipway-system") {
  const std::string text = json{{"data", data}}.dump();
  JsonParser parser;
  Object object{kImageSignatures.type, {kHomeCluster, ns, name}, {}, {}, ""};
  object.meta.name = name;
  object.meta.ns = ns;
  object.meta.labels = {{std::string(kSignaturesLabel), "true"}};
  object.body =
      std::make_shared<const ImageSignaturesView>(*DecodeImageSignatures(*parser.Parse(text)));
  return std::make_shared<const Object>(std::move(object));
}

Signers By(const std::string& policy, const std::vector<std::string>& pems) {
  Signers signers{policy, {}};
  for (const auto& pem : pems) {
    signers.keys.push_back({"key" + std::to_string(signers.keys.size()), pem});
  }
  return signers;
}

/// Of the image, in a place with such rules and what was carried; empty when it may run.
std::string Why(const std::vector<Signers>& signers, const std::vector<ObjectPtr>& carried,
                const std::string& image = kImage) {
  ImageRules rules;
  rules.signers = signers;
  const Snapshot world(carried);
  SignedImages images(rules, world, Settings{});
  const auto why = images.WhyNot(image);
  EXPECT_EQ(why, images.WhyNot(image)) << "the second answer is another one";
  return why.value_or("");
}

TEST(IsolationSignatures, WithoutKeysNothingHasToBeSigned) {
  EXPECT_EQ(Why({}, {}), "");
  EXPECT_FALSE(SignedImages().WhyNot(kImage));
}

TEST(IsolationSignatures, EachKindOfKeyIsTaken) {
  for (const auto& [signer, hash] :
       std::vector<std::pair<TestSigner, const EVP_MD*>>{{TestSigner::Ecdsa("P-256"), EVP_sha256()},
                                                         {TestSigner::Ecdsa("P-384"), EVP_sha256()},
                                                         {TestSigner::Rsa(2048), EVP_sha256()},
                                                         {TestSigner::Ed25519(), nullptr}}) {
    const auto carried = ConfigMap("a", {{"x", CarriedLine(Digest('a'), signer, hash)}});
    EXPECT_EQ(Why({By("pci", {signer.Pem()})}, {carried}), "");
    const std::string statement = Statement(std::string(64, 'a'));
    const auto bundle = Bundle(statement, signer.Sign(Enveloped(statement), hash));
    EXPECT_EQ(Why({By("pci", {signer.Pem()})}, {ConfigMap("a", {{"x", bundle.dump()}})}), "");
  }
}

class SignedByAnn : public ::testing::Test {
 protected:
  const TestSigner ann_ = TestSigner::Ecdsa("P-256");
  const TestSigner bob_ = TestSigner::Ecdsa("P-256");
  const std::string line_ = CarriedLine(Digest('a'), ann_);
  const ObjectPtr carried_ = ConfigMap("a", {{"x", line_}});
};

TEST_F(SignedByAnn, TheDigestCountsAndNotTheName) {
  const std::vector<Signers> ann{By("pci", {ann_.Pem()})};
  EXPECT_EQ(Why(ann, {carried_}, "mirror.corp/other@" + Digest('a')), "");
  EXPECT_EQ(Why(ann, {carried_}, "mirror.corp/other:1@" + Digest('a')), "");
  EXPECT_NE(Why(ann, {carried_}, "registry.corp/ml/churn:1"), "");
  EXPECT_NE(Why(ann, {carried_}, "registry.corp/ml/churn@" + Digest('b')), "");
  EXPECT_NE(Why(ann, {carried_}, kImage + "a"), "");
  EXPECT_NE(Why(ann, {carried_}, "x@y@" + Digest('a')), "");
  EXPECT_NE(Why(ann, {carried_}, ""), "");
}

TEST_F(SignedByAnn, WhatIsMissingIsSaid) {
  const std::string why = Why({By("pci", {ann_.Pem(), bob_.Pem()})}, {});
  EXPECT_THAT(why, HasSubstr("key0, key1 of IsolationPolicy pci"));
  EXPECT_THAT(why, HasSubstr("0 ConfigMaps of namespace slipway-system with the label "
                             "slipway.dev/image-signatures=true"));
  EXPECT_THAT(why, HasSubstr("cosign download signature"));
}

TEST_F(SignedByAnn, AnotherKeyIsNotEnough) {
  const std::string why = Why({By("pci", {bob_.Pem()})}, {carried_});
  EXPECT_THAT(why, HasSubstr("key0 of IsolationPolicy pci"));
  EXPECT_THAT(why, HasSubstr("1 by others"));
  EXPECT_EQ(Why({By("pci", {bob_.Pem(), ann_.Pem()})}, {carried_}), "") << "one of them is";
}

TEST_F(SignedByAnn, OfSeveralPoliciesEachWantsOneOfItsOwn) {
  const std::vector<Signers> both{By("pci", {ann_.Pem()}), By("team", {bob_.Pem()})};
  EXPECT_THAT(Why(both, {carried_}), HasSubstr("IsolationPolicy team"));
  const auto second = ConfigMap("b", {{"x", CarriedLine(Digest('a'), bob_)}});
  EXPECT_THAT(Why(both, {second}), HasSubstr("IsolationPolicy pci"));
  EXPECT_EQ(Why(both, {carried_, second}), "");
}

TEST_F(SignedByAnn, ASignatureOfAnotherImageIsNone) {
  // The claim is about b, and somebody says that its signature is of a.
  const auto other = ConfigMap("a", {{"x", CarriedLine(Digest('b'), ann_)}});
  const auto moved = ConfigMap(
      "b", {{"x", CarriedLine(Claim(Digest('a')), ann_.Sign(Claim(Digest('b')), EVP_sha256()))}});
  EXPECT_NE(Why({By("pci", {ann_.Pem()})}, {other, moved}), "");
}

TEST_F(SignedByAnn, NothingThatWasTamperedWithIsTaken) {
  const std::string claim = Claim(Digest('a'));
  const std::string signature = ann_.Sign(claim, EVP_sha256());
  for (std::size_t i = 0; i < claim.size(); ++i) {
    std::string payload = claim;
    payload[i] = static_cast<char>(payload[i] ^ 1);
    const auto carried = ConfigMap("a", {{"x", CarriedLine(payload, signature)}});
    EXPECT_NE(Why({By("pci", {ann_.Pem()})}, {carried}), "") << payload;
  }
  for (std::size_t i = 0; i < signature.size(); ++i) {
    std::string tampered = signature;
    tampered[i] = static_cast<char>(tampered[i] ^ 0x80);
    const auto carried = ConfigMap("a", {{"x", CarriedLine(claim, tampered)}});
    EXPECT_NE(Why({By("pci", {ann_.Pem()})}, {carried}), "") << i;
  }
}

TEST_F(SignedByAnn, OnlyTheNamespaceOfTheOperatorIsTrusted) {
  const auto elsewhere = ConfigMap("a", {{"x", line_}}, "team-a");
  EXPECT_NE(Why({By("pci", {ann_.Pem()})}, {elsewhere}), "");
}

TEST_F(SignedByAnn, GarbageBesideItIsNamedWhenSomethingIsMissing) {
  const auto mixed = ConfigMap("mixed", {{"good", line_}, {"notes.txt", "carried by Ann"}});
  EXPECT_EQ(Why({By("pci", {ann_.Pem()})}, {mixed}), "");
  EXPECT_THAT(Why({By("pci", {bob_.Pem()})}, {mixed}), HasSubstr("mixed/notes.txt"));
  EXPECT_THAT(Why({By("pci", {bob_.Pem()})}, {carried_}), Not(HasSubstr("cannot be read")));
}

TEST_F(SignedByAnn, AKeyThatIsNoneAllowsNothing) {
  EXPECT_NE(Why({By("pci", {"garbage"})}, {carried_}), "");
  EXPECT_EQ(Why({By("pci", {"garbage", ann_.Pem()})}, {carried_}), "") << "another one is";
}

TEST_F(SignedByAnn, AHundredSignaturesOfAnImageCount) {
  const auto many = [&](int others) {
    std::string lines;
    for (int i = 0; i < others; ++i) {
      lines += CarriedLine(Claim(Digest('a')), "no signature " + std::to_string(i)) + "\n" +
               CarriedLine(Claim(Digest('a')), "no signature 0") + "\n";
    }
    return ConfigMap("a", {{"x", lines + line_}});
  };
  EXPECT_EQ(Why({By("pci", {ann_.Pem()})}, {many(99)}), "");
  EXPECT_NE(Why({By("pci", {ann_.Pem()})}, {many(100)}), "");
}

TEST(IsolationSignatures, AKeyThatIsNoneIsSaidOfThePolicy) {
  api::IsolationPolicySpec spec;
  EXPECT_EQ(WhyNoKey(spec), "");
  spec.images.signature_keys = {{"ann", TestSigner::Ed25519().Pem()}};
  EXPECT_EQ(WhyNoKey(spec), "");
  spec.images.signature_keys.push_back({"bob", "garbage"});
  EXPECT_THAT(WhyNoKey(spec), HasSubstr("spec.images.signatureKeys[bob].publicKey"));
  EXPECT_THAT(WhyNoKey(spec), HasSubstr("cosign.pub"));
}

TEST(IsolationSignatures, OnlyWhatIsLabelledIsLookedUpInTheNamespaceOfTheOperator) {
  Settings settings;
  settings.operator_namespace = "ops";
  const Lookup lookup = LookUpSignatures(settings);
  EXPECT_EQ(lookup.in_namespace, "ops");
  EXPECT_EQ(lookup.selector, "slipway.dev/image-signatures=true");
  EXPECT_EQ(lookup.filed_under(*ConfigMap("a", {})), "all");
  Object bare = *ConfigMap("a", {});
  bare.meta.labels.clear();
  EXPECT_EQ(lookup.filed_under(bare), "");
}

}  // namespace
}  // namespace slipway::isolation
