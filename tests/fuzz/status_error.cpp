// The status of an HTTP answer in the first line, its Retry-After in the second, then its body.
#include "operator/kube/status_error.hpp"

#include <charconv>

#include "operator/kube/retry.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

std::string_view Line(std::string_view& input) {
  const std::size_t end = std::min(input.find('\n'), input.size());
  const std::string_view line = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return line;
}

void Check(const Error& error) {
  constexpr std::chrono::hours kDay{24};
  Require(!error.message.empty(), "an error says something");
  // It becomes part of a status, an Event and the log.
  Require(IsUtf8(error.message), "a message is UTF-8", error.message);
  Require(error.retry_after.count() >= 0 && error.retry_after <= kDay, "a hint is bounded");
  const std::chrono::milliseconds backoff(700);
  const auto delay = RetryDelay(error, backoff);
  Require(delay >= backoff && delay <= kLongestHint, "a delay is bounded");
}

}  // namespace

void Fuzz(std::string_view input) {
  const std::string_view status_line = Line(input);
  const std::string_view hint = Line(input);
  int status = 0;
  std::from_chars(status_line.data(), status_line.data() + status_line.size(), status);
  const auto retry_after = ParseRetryAfter(hint);
  Require(retry_after.count() >= 0, "a hint is not in the past");
  Check(DecodeError(status, input, retry_after));
  JsonParser parser;
  if (const auto parsed = parser.Parse(input)) Check(DecodeStatus(*parsed));
}

}  // namespace slipway::fuzz
