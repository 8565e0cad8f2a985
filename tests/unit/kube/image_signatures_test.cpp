#include "operator/kube/image_signatures.hpp"

#include <gmock/gmock.h>

#include "tests/unit/kube/carried_signature.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using testing::Bundle;
using testing::CarriedLine;
using testing::Claim;
using testing::Digest;
using ::testing::ElementsAre;
using testing::Enveloped;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using testing::Statement;

const std::string kSignature = "\x30\x02 of somebody";

TEST(ImageSignatures, WhatCosignPrintsIsRead) {
  std::vector<ImageSignature> found;
  ASSERT_TRUE(ReadImageSignatures(CarriedLine(Claim(Digest('a')), kSignature) + "\n", found));
  EXPECT_THAT(found, ElementsAre(ImageSignature{Digest('a'), Claim(Digest('a')), kSignature}));
}

TEST(ImageSignatures, SeveralAreOneALine) {
  std::vector<ImageSignature> found;
  const std::string text = CarriedLine(Claim(Digest('a')), kSignature) + "\r\n\n" +
                           CarriedLine(Claim(Digest('b')), kSignature);
  ASSERT_TRUE(ReadImageSignatures(text, found));
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[1].digest, Digest('b'));
}

TEST(ImageSignatures, OneMayBeWrittenOverSeveralLines) {
  std::vector<ImageSignature> found;
  const auto line = json::parse(CarriedLine(Claim(Digest('a')), kSignature));
  ASSERT_TRUE(ReadImageSignatures(line.dump(2), found));
  EXPECT_THAT(found, SizeIs(1));
}

TEST(ImageSignatures, ABundleOfSigstoreIsRead) {
  std::vector<ImageSignature> found;
  const std::string statement = Statement(std::string(64, 'c'));
  ASSERT_TRUE(ReadImageSignatures(Bundle(statement, kSignature).dump(), found));
  EXPECT_THAT(found, ElementsAre(ImageSignature{Digest('c'), Enveloped(statement), kSignature}));
}

TEST(ImageSignatures, WhatElseIsStatedOfAnImageIsNoSignature) {
  std::vector<ImageSignature> found;
  const std::string built = Statement(std::string(64, 'c'), "https://slsa.dev/provenance/v1");
  EXPECT_FALSE(ReadImageSignatures(Bundle(built, kSignature).dump(), found));
  json twice = json::parse(Statement(std::string(64, 'c')));
  twice["subject"].push_back(twice["subject"][0]);
  EXPECT_FALSE(ReadImageSignatures(Bundle(twice.dump(), kSignature).dump(), found));
  json other = Bundle(Statement(std::string(64, 'c')), kSignature);
  other["dsseEnvelope"]["payloadType"] = "text/plain";
  EXPECT_FALSE(ReadImageSignatures(other.dump(), found));
  json many = Bundle(Statement(std::string(64, 'c')), kSignature);
  many["dsseEnvelope"]["signatures"].push_back({{"sig", "AAAA"}});
  EXPECT_FALSE(ReadImageSignatures(many.dump(), found));
  EXPECT_THAT(found, IsEmpty());
}

TEST(ImageSignatures, TheOlderNameOfAClaimIsKnown) {
  std::vector<ImageSignature> found;
  const std::string claim = Claim(Digest('a'), "atomic container signature");
  EXPECT_TRUE(ReadImageSignatures(CarriedLine(claim, kSignature), found));
  EXPECT_FALSE(ReadImageSignatures(CarriedLine(Claim(Digest('a'), "x"), kSignature), found));
}

TEST(ImageSignatures, GarbageIsNone) {
  const std::string good = Claim(Digest('a'));
  for (const std::string& text : {std::string(),
                                  std::string("\n\n"),
                                  std::string("garbage"),
                                  std::string("{"),
                                  std::string("{}"),
                                  std::string("[]"),
                                  std::string("null"),
                                  std::string("7"),
                                  std::string(R"({"Base64Signature":7,"Payload":[]})"),
                                  std::string(R"({"Base64Signature":"!!!!","Payload":"!!!!"})"),
                                  CarriedLine(good, ""),
                                  CarriedLine("", kSignature),
                                  CarriedLine("garbage", kSignature),
                                  CarriedLine("{}", kSignature),
                                  CarriedLine(R"({"critical":[]})", kSignature),
                                  CarriedLine(Claim("sha256:abc"), kSignature),
                                  CarriedLine(Claim(""), kSignature),
                                  CarriedLine(Claim("sha512:" + std::string(64, 'a')), kSignature),
                                  CarriedLine(Claim("sha256:" + std::string(64, 'A')), kSignature),
                                  CarriedLine(Claim(Digest('a') + "a"), kSignature),
                                  std::string(R"({"dsseEnvelope":7})"),
                                  std::string(R"({"dsseEnvelope":{}})"),
                                  std::string(100000, '['),
                                  std::string("\xff\xfe", 2)}) {
    std::vector<ImageSignature> found;
    EXPECT_FALSE(ReadImageSignatures(text, found)) << text.substr(0, 200);
    EXPECT_THAT(found, IsEmpty()) << text.substr(0, 200);
  }
}

TEST(ImageSignatures, WhatIsHugeIsNone) {
  std::vector<ImageSignature> found;
  json claim = json::parse(Claim(Digest('a')));
  claim["optional"]["note"] = std::string(100000, 'x');
  EXPECT_FALSE(ReadImageSignatures(CarriedLine(claim.dump(), kSignature), found));
  EXPECT_FALSE(
      ReadImageSignatures(CarriedLine(Claim(Digest('a')), std::string(100000, 'x')), found));
  EXPECT_THAT(found, IsEmpty());
}

TEST(ImageSignatures, GarbageBesideASignatureDoesNotTakeItAway) {
  const json config_map = {
      {"metadata", {{"name", "signatures"}, {"namespace", "slipway-system"}, {"uid", "u"}}},
      {"data",
       {{"churn.json", CarriedLine(Claim(Digest('a')), kSignature) + "\ngarbage\n"},
        {"notes.txt", "carried by Ann"},
        {"score.json", CarriedLine(Claim(Digest('b')), kSignature)}}}};
  const std::string text = config_map.dump();
  JsonParser parser;
  const auto view = DecodeImageSignatures(*parser.Parse(text));
  ASSERT_TRUE(view);
  EXPECT_THAT(view->signatures, SizeIs(2));
  EXPECT_THAT(view->unreadable, ElementsAre("churn.json", "notes.txt"));
}

TEST(ImageSignatures, AConfigMapWithoutDataHasNone) {
  JsonParser parser;
  for (const char* text : {"{}", R"({"data":null})", R"({"data":[]})", R"({"binaryData":{}})"}) {
    const auto view = DecodeImageSignatures(*parser.Parse(text));
    ASSERT_TRUE(view) << text;
    EXPECT_THAT(view->signatures, IsEmpty()) << text;
  }
  EXPECT_FALSE(DecodeImageSignatures(*parser.Parse("[]")));
}

}  // namespace
}  // namespace slipway
