#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace slipway {

/// Where something listens: a name or address, and a port.
struct HostPort {
  std::string host;  ///< Without the brackets of an IPv6 address; empty where that is allowed.
  std::uint16_t port = 0;
  bool operator==(const HostPort&) const = default;
};

/// Reads "HOST:PORT" or "[ADDRESS]:PORT", the port from 1 to 65535. Fails with kInvalid and a
/// message that names the text and the rule. The host may be empty, as in ":8080".
Result<HostPort> ParseHostPort(std::string_view text);

/// The same from "http://HOST[:PORT][/PATH]" or https, with the scheme's own port for none.
Result<HostPort> HostPortOfUrl(std::string_view url);

/// "HOST:PORT", an IPv6 address in brackets.
std::string ToString(const HostPort& where);

}  // namespace slipway
