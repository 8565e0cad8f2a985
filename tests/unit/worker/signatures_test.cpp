#include <gtest/gtest.h>

#include "operator/base/digest.hpp"
#include "operator/worker/shared_key.hpp"
#include "operator/worker/sigv4.hpp"

namespace slipway::worker {
namespace {

const AwsKey kExampleKey{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
const Instant kExampleTime = *ParseTime("2013-05-24T00:00:00Z");

std::string Authorization(const Headers& headers) {
  for (const auto& [name, value] : headers) {
    if (name == "Authorization") return value;
  }
  return {};
}

std::string SignatureOf(const Query& query) {
  const AwsRequest request{"examplebucket.s3.amazonaws.com", "/", query, "us-east-1", "s3"};
  const std::string text = Authorization(SignAws(request, kExampleKey, kExampleTime));
  return text.substr(text.find("Signature=") + 10);
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
TEST(SigV4, SignsAsTheExamplesOfTheS3Reference) {
  EXPECT_EQ(SignatureOf({{"lifecycle", ""}}),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(SignatureOf({{"prefix", "J"}, {"max-keys", "2"}}),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(SigV4, NamesTheScopeAndWhatIsSigned) {
  AwsKey key = kExampleKey;
  key.session_token = "T";
  const Headers headers = SignAws({"h:9000", "/b", {}, "eu-west-1", "s3"}, key, kExampleTime);
  EXPECT_TRUE(Authorization(headers).starts_with(
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/eu-west-1/s3/aws4_request,"
      "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,Signature="))
      << Authorization(headers);
  const Headers expected{
      {"x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"x-amz-date", "20130524T000000Z"},
      {"x-amz-security-token", "T"}};
  EXPECT_EQ(Headers(headers.begin(), headers.begin() + 3), expected);
}

TEST(SigV4, AQueryIsSortedAndEncoded) {
  EXPECT_EQ(CanonicalQuery({{"prefix", "a b/ü*"}, {"list-type", "2"}, {"x", ""}}),
            "list-type=2&prefix=a%20b%2F%C3%BC%2A&x=");
}

// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key: one line for the
// verb and each of eleven headers, then the headers of the service, then the resource.
TEST(SharedKey, SignsTheResourceWithItsQueryInOrder) {
  const AzureRequest request{
      "myaccount", "/mycontainer", {{"restype", "container"}, {"comp", "list"}, {"prefix", "a b"}}};
  EXPECT_EQ(StringToSign(request, "Fri, 26 Jun 2015 23:39:12 GMT"),
            "GET\n\n\n\n\n\n\n\n\n\n\n\n"
            "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2021-12-02\n"
            "/myaccount/mycontainer\ncomp:list\nprefix:a b\nrestype:container");
}

TEST(SharedKey, TheAddressOfAnEmulatorHasTheAccountTwice) {
  EXPECT_NE(StringToSign({"devstoreaccount1", "/devstoreaccount1/c", {}}, "d")
                .find("\n/devstoreaccount1/devstoreaccount1/c"),
            std::string::npos);
}

TEST(SharedKey, AKeyThatIsNoBase64IsRefusedWithoutShowingIt) {
  const auto headers = SignAzure({"a", "/c", {}}, "no key!", kExampleTime);
  ASSERT_FALSE(headers);
  EXPECT_EQ(headers.error().message.find("no key!"), std::string::npos);
  EXPECT_TRUE(SignAzure({"a", "/c", {}}, "AAAA", kExampleTime));
}

TEST(SharedKey, DatesAreThoseOfHttp) {
  EXPECT_EQ(HttpDate(*ParseTime("2026-09-01T12:00:05Z")), "Tue, 01 Sep 2026 12:00:05 GMT");
  EXPECT_EQ(HttpDate(*ParseTime("2024-02-29T00:00:00Z")), "Thu, 29 Feb 2024 00:00:00 GMT");
}

// RFC 4231, test cases 1 and 2; RFC 4648, section 10.
TEST(Digest, KnownAnswers) {
  EXPECT_EQ(ToHex(HmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(ToHex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(PlainSha256Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const auto& [bytes, text] : {std::pair{"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}}) {
    EXPECT_EQ(ToBase64(bytes), text);
    EXPECT_EQ(FromBase64(text), bytes);
  }
  EXPECT_EQ(FromBase64("Zg="), "");
  EXPECT_EQ(ToBase64(""), "");
}

}  // namespace
}  // namespace slipway::worker
