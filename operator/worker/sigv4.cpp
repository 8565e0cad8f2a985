#include "operator/worker/sigv4.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "operator/base/digest.hpp"
#include "operator/kube/request.hpp"

namespace slipway::worker {
namespace {

/// "20130524T000000Z".
std::string AmzDate(Instant now) {
  std::string text = FormatTime(now);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string SigningKey(const AwsRequest& request, const AwsKey& key, std::string_view day) {
  const std::string of_day = HmacSha256("AWS4" + key.secret, day);
  const std::string of_region = HmacSha256(of_day, request.region);
  const std::string of_service = HmacSha256(of_region, request.service);
  return HmacSha256(of_service, "aws4_request");
}

}  // namespace

std::string CanonicalQuery(Query query) {
  for (auto& [name, value] : query) {
    name = request::PercentEncode(name);
    value = request::PercentEncode(value);
  }
  std::ranges::sort(query);
  std::string text;
  for (const auto& [name, value] : query) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
  }
  return text;
}

Headers SignAws(const AwsRequest& request, const AwsKey& key, Instant now) {
  const std::string date = AmzDate(now);
  const std::string body = PlainSha256Hex("");
  Headers headers{{"x-amz-content-sha256", body}, {"x-amz-date", date}};
  if (!key.session_token.empty()) headers.emplace_back("x-amz-security-token", key.session_token);

  // In the order of their names, as the headers above are.
  std::string canonical = fmt::format("host:{}\n", request.host);
  std::string names = "host";
  for (const auto& [name, value] : headers) {
    canonical += fmt::format("{}:{}\n", name, value);
    names += ";" + name;
  }
  const std::string whole = fmt::format("GET\n{}\n{}\n{}\n{}\n{}", request.path,
                                        CanonicalQuery(request.query), canonical, names, body);
  const std::string day = date.substr(0, 8);
  const std::string scope =
      fmt::format("{}/{}/{}/aws4_request", day, request.region, request.service);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope, PlainSha256Hex(whole));
  const std::string signature = ToHex(HmacSha256(SigningKey(request, key, day), to_sign));
  headers.emplace_back(
      "Authorization",
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{},SignedHeaders={},Signature={}", key.id, scope,
                  names, signature));
  return headers;
}

}  // namespace slipway::worker
