#include "operator/kube/status_error.hpp"

#include <gmock/gmock.h>

#include "operator/kube/retry.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

TEST(DecodeError, KnowsWhatAnApiServerMeans) {
  const struct {
    int status;
    std::string body;
    Code code;
  } cases[] = {
      {400, R"({"kind":"Status","reason":"BadRequest","message":"m"})", Code::kInvalid},
      {401, R"({"kind":"Status","reason":"Unauthorized","message":"m"})", Code::kUnauthorized},
      {403, R"({"kind":"Status","reason":"Forbidden","message":"m"})", Code::kForbidden},
      {403,
       R"({"kind":"Status","reason":"Forbidden","message":"m","details":{"causes":[)"
       R"({"reason":"Other"},{"reason":"NamespaceTerminating","field":"metadata.namespace"}]}})",
       Code::kTerminating},
      {404, R"({"kind":"Status","reason":"NotFound","message":"m","details":{"name":"a"}})",
       Code::kNotFound},
      {404, R"({"kind":"Status","reason":"NotFound","message":"m","details":{}})",
       Code::kKindNotServed},
      {405, R"({"kind":"Status","reason":"MethodNotAllowed","message":"m"})", Code::kInvalid},
      {408, R"({"kind":"Status","message":"m"})", Code::kTimeout},
      {409, R"({"kind":"Status","reason":"AlreadyExists","message":"m"})", Code::kAlreadyExists},
      {409, R"({"kind":"Status","reason":"Conflict","message":"m"})", Code::kConflict},
      {410, R"({"kind":"Status","reason":"Expired","message":"m"})", Code::kGone},
      {413, R"({"kind":"Status","reason":"RequestEntityTooLarge","message":"m"})", Code::kInvalid},
      {415, R"({"kind":"Status","reason":"UnsupportedMediaType","message":"m"})", Code::kInvalid},
      {422, R"({"kind":"Status","reason":"Invalid","message":"m"})", Code::kInvalid},
      {429, R"({"kind":"Status","reason":"TooManyRequests","message":"m"})", Code::kThrottled},
      {500, R"({"kind":"Status","reason":"InternalError","message":"m"})", Code::kUnavailable},
      {503, R"({"kind":"Status","reason":"ServiceUnavailable","message":"m"})", Code::kUnavailable},
      {504, R"({"kind":"Status","reason":"Timeout","message":"m"})", Code::kTimeout},
  };
  for (const auto& test : cases) {
    const Error error = DecodeError(test.status, test.body);
    EXPECT_EQ(error.code, test.code) << test.status << " " << test.body;
    EXPECT_EQ(error.message, "m");
  }
}

TEST(DecodeError, TellsAPolicyThatIsNotReadyFromAnInvalidObject) {
  const auto code = [](const std::string& said) {
    return DecodeError(422, R"({"kind":"Status","reason":"Invalid","message":")" + said + "\"}")
        .code;
  };
  const std::string policy = "ValidatingAdmissionPolicy 'p' denied request: ";
  EXPECT_EQ(code(policy + "failed to configure policy: failed to find resource"), Code::kForbidden);
  EXPECT_EQ(code(policy + "failed to configure binding: not yet synced"), Code::kForbidden);
  EXPECT_EQ(code(policy + "images come from good/"), Code::kInvalid);
}

TEST(DecodeError, CopesWithWhatIsNoStatus) {
  const struct {
    int status;
    std::string body;
    Code code;
    std::string message;
  } cases[] = {
      {404, "404 page not found\n", Code::kKindNotServed, "404 page not found"},
      {502, "<html>\n<b>Bad Gateway</b></html>", Code::kUnavailable, "<html> <b>Bad Gateway"},
      {503, "", Code::kUnavailable, "HTTP 503 without a body"},
      {409, "{}", Code::kConflict, "HTTP 409"},
      {500, R"({"kind":"Pod","message":"fake"})", Code::kUnavailable, "no Kubernetes Status"},
      {302, "", Code::kInternal, "redirects elsewhere"},
      {200, "{\"kind\":\"Status\"", Code::kInternal, "HTTP 200"},
      {999, "", Code::kInternal, "HTTP 999"},
      {0, "", Code::kInternal, "HTTP 0"},
  };
  for (const auto& test : cases) {
    const Error error = DecodeError(test.status, test.body);
    EXPECT_EQ(error.code, test.code) << test.status << " " << test.body;
    EXPECT_THAT(error.message, HasSubstr(test.message));
  }
}

TEST(DecodeError, ShowsOnlyTheBeginningOfAForeignBody) {
  const Error error = DecodeError(500, std::string(5000, 'x'));
  EXPECT_LT(error.message.size(), 300U);
  EXPECT_TRUE(error.message.ends_with("..."));
}

// It becomes part of a status, and the JSON library throws on anything else.
TEST(DecodeError, SpeaksUtf8WhateverTheBodyIs) {
  EXPECT_THAT(DecodeError(403, "verweigert f\xFCr Sie").message,
              HasSubstr("verweigert f\xEF\xBF\xBDr Sie"));
  const std::string cut = std::string(199, 'x') + "\xC3\xBC\xC3\xBC";
  EXPECT_TRUE(DecodeError(403, cut).message.ends_with("x..."));
}

TEST(DecodeError, UsesTheLongerOfBothHints) {
  const std::string body = R"({"kind":"Status","message":"m","details":{"retryAfterSeconds":5}})";
  EXPECT_EQ(DecodeError(429, body).retry_after, 5s);
  EXPECT_EQ(DecodeError(429, body, 2s).retry_after, 5s);
  EXPECT_EQ(DecodeError(429, body, 9s).retry_after, 9s);
  EXPECT_EQ(DecodeError(429, "").retry_after, 0s);
  EXPECT_EQ(DecodeError(429, R"({"kind":"Status","details":{"retryAfterSeconds":-5}})").retry_after,
            0s);
}

TEST(DecodeStatus, ReadsTheCodeFromTheObject) {
  JsonParser parser;
  EXPECT_EQ(DecodeStatus(*parser.Parse(R"({"code":410,"message":"old"})")).code, Code::kGone);
  EXPECT_EQ(DecodeStatus(*parser.Parse(R"({"code":410,"reason":"Expired"})")).message, "Expired");
  EXPECT_EQ(DecodeStatus(*parser.Parse("{}")).code, Code::kInternal);
  EXPECT_EQ(DecodeStatus(JsonView()).code, Code::kInternal);
}

TEST(ParseRetryAfter, ReadsSecondsAndGuessesOneForTheRest) {
  EXPECT_EQ(ParseRetryAfter("7"), 7s);
  EXPECT_EQ(ParseRetryAfter("0"), 0s);
  for (const auto* text : {"", "-1", "x", "1.5", "7 ", "Fri, 31 Dec 1999 23:59:59 GMT"}) {
    EXPECT_EQ(ParseRetryAfter(text), 1s) << text;
  }
  EXPECT_EQ(ParseRetryAfter("99999999"), 24h);
  EXPECT_EQ(ParseRetryAfter("99999999999999999999999"), 1s);
}

TEST(Retry, HasARuleForEveryCode) {
  const struct {
    Code code;
    Retry rule;
  } cases[] = {
      {Code::kNotFound, Retry::kBackoff},    {Code::kKindNotServed, Retry::kBackoff},
      {Code::kConflict, Retry::kBackoff},    {Code::kAlreadyExists, Retry::kBackoff},
      {Code::kGone, Retry::kBackoff},        {Code::kUnauthorized, Retry::kAfterLogin},
      {Code::kForbidden, Retry::kBackoff},   {Code::kInvalid, Retry::kNever},
      {Code::kThrottled, Retry::kAfterHint}, {Code::kUnavailable, Retry::kAfterHint},
      {Code::kTimeout, Retry::kAfterHint},   {Code::kInternal, Retry::kBackoff},
      {Code::kTooLarge, Retry::kBackoff},    {Code::kTerminating, Retry::kNever},
  };
  for (const auto& test : cases) EXPECT_EQ(RetryFor(test.code), test.rule) << ToString(test.code);
}

TEST(RetryDelay, HonoursAHintButNotBeyondAMinute) {
  EXPECT_EQ(RetryDelay({Code::kThrottled, "", 5s}, 1s), 5s);
  EXPECT_EQ(RetryDelay({Code::kThrottled, "", 5s}, 10s), 10s);
  EXPECT_EQ(RetryDelay({Code::kUnavailable, "", 3600s}, 1s), 60s);
  EXPECT_EQ(RetryDelay({Code::kConflict, "", 5s}, 1s), 1s);
  EXPECT_EQ(RetryDelay({Code::kTimeout, "", 0s}, 200ms), 200ms);
}

}  // namespace
}  // namespace slipway
