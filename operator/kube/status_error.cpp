#include "operator/kube/status_error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "operator/base/utf8.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Code CodeOfNotFound(const JsonView& status) {
  // A missing object is named in the details; for a path that nobody serves there are none.
  const bool names_object = !status["details"]["name"].Text().empty();
  return names_object ? Code::kNotFound : Code::kKindNotServed;
}

Code CodeOfForbidden(const JsonView& status) {
  Code code = Code::kForbidden;
  status["details"]["causes"].ForEach([&](const JsonView& cause) {
    if (cause["reason"].String() == "NamespaceTerminating") code = Code::kTerminating;
  });
  return code;
}

// What a policy says "Invalid" of is invalid. But one whose parameters the API server does not
// know, or not yet, as in the first half minute of their definition, refuses everything so, and
// that passes.
bool IsPolicyUnknown(std::string_view message) {
  return message.find("denied request: failed to configure ") != message.npos;
}

Code CodeOf(std::int64_t http_status, const JsonView& status) {
  switch (http_status) {
    case 401: return Code::kUnauthorized;
    case 403: return CodeOfForbidden(status);
    case 404: return CodeOfNotFound(status);
    case 408: return Code::kTimeout;
    case 409:
      return status["reason"].String() == "AlreadyExists" ? Code::kAlreadyExists : Code::kConflict;
    case 410: return Code::kGone;
    case 429: return Code::kThrottled;
    case 504: return Code::kTimeout;
    default: break;
  }
  if (http_status >= 400 && http_status < 500) {
    return IsPolicyUnknown(status["message"].Text()) ? Code::kForbidden : Code::kInvalid;
  }
  if (http_status >= 500 && http_status < 600) return Code::kUnavailable;
  return Code::kInternal;
}

std::string MessageWithoutStatus(int http_status, std::string_view body) {
  if (http_status >= 300 && http_status < 400) {
    return fmt::format(
        "HTTP {}: the address redirects elsewhere, which is never followed because the "
        "credentials would go along; use the API server's own address",
        http_status);
  }
  if (body.empty()) return fmt::format("HTTP {} without a body", http_status);
  constexpr std::size_t kShown = 200;
  std::string shown = Utf8Prefix(body, kShown);
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return fmt::format("HTTP {} with a body that is no Kubernetes Status: {}{}", http_status, shown,
                     body.size() > kShown ? "..." : "");
}

milliseconds HintOf(const JsonView& status) {
  const auto hint = status["details"]["retryAfterSeconds"].IntOr(0);
  return seconds(std::clamp<std::int64_t>(hint, 0, 86'400));
}

}  // namespace

Error DecodeStatus(const JsonView& status) {
  const std::int64_t http_status = status["code"].IntOr(0);
  std::string message = status["message"].Text();
  if (message.empty()) message = status["reason"].Text();
  if (message.empty()) message = fmt::format("a Status with code {} and no message", http_status);
  return {CodeOf(http_status, status), std::move(message), HintOf(status)};
}

Error DecodeError(int http_status, std::string_view body, milliseconds retry_after) {
  JsonParser parser;
  const auto parsed = parser.Parse(body);
  const bool is_status = parsed && (*parsed)["kind"].String() == "Status";
  const JsonView status = is_status ? *parsed : JsonView();
  std::string message = status["message"].Text();
  if (message.empty()) message = MessageWithoutStatus(http_status, body);
  return {CodeOf(http_status, status), std::move(message), std::max(retry_after, HintOf(status))};
}

milliseconds ParseRetryAfter(std::string_view value) {
  std::int64_t parsed = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  const bool whole = error == std::errc() && end == value.data() + value.size() && !value.empty();
  if (!whole || parsed < 0) return seconds(1);
  return seconds(std::min<std::int64_t>(parsed, 86'400));
}

}  // namespace slipway
