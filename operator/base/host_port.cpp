#include "operator/base/host_port.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "operator/base/utf8.hpp"

namespace slipway {
namespace {

constexpr std::size_t kMaxHost = 253;  // RFC 1035, as text.
constexpr std::size_t kShown = 100;

bool IsHost(std::string_view host, bool bracketed) {
  return host.size() <= kMaxHost && std::ranges::all_of(host, [bracketed](char c) {
           const bool letter =
               (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
           return letter || c == '.' || (bracketed ? c == ':' || c == '%' : c == '-' || c == '_');
         });
}

tl::unexpected<Error> Refuse(std::string_view text) {
  return Fail(Code::kInvalid,
              fmt::format("\"{}\" must be HOST:PORT with a port from 1 to 65535, such as "
                          "operator.example.svc:8081 or [fd00::1]:8081",
                          Utf8Prefix(text, kShown)));
}

}  // namespace

Result<HostPort> ParseHostPort(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return Refuse(text);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  const std::string_view digits = text.substr(colon + 1);
  HostPort where{std::string(host), 0};
  const auto end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, where.port);
  if (error != std::errc{} || stop != end || where.port == 0 || !IsHost(host, bracketed)) {
    return Refuse(text);
  }
  return where;
}

Result<HostPort> HostPortOfUrl(std::string_view url) {
  const bool secure = url.starts_with("https://");
  if (!secure && !url.starts_with("http://")) return Refuse(url);
  const std::string_view rest = url.substr(secure ? 8 : 7);
  std::string authority(rest.substr(0, rest.find_first_of("/?#")));
  if (authority.rfind(':') == std::string::npos || authority.ends_with(']')) {
    authority += secure ? ":443" : ":80";
  }
  auto where = ParseHostPort(authority);
  if (where && where->host.empty()) return Refuse(url);
  return where;
}

std::string ToString(const HostPort& where) {
  const bool address = where.host.find(':') != std::string::npos;
  return address ? fmt::format("[{}]:{}", where.host, where.port)
                 : fmt::format("{}:{}", where.host, where.port);
}

}  // namespace slipway
