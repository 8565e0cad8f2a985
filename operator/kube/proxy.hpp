#pragma once

#include <string>
#include <string_view>

namespace slipway {

/// The values of HTTPS_PROXY and NO_PROXY.
struct ProxySettings {
  std::string https_proxy;
  std::string no_proxy;

  /// From the environment; the lower-case names are used when the others are unset.
  static ProxySettings FromEnvironment();
};

/// The proxy to reach that server by, empty for none. NO_PROXY is read as Go programs do
/// (golang.org/x/net/http/httpproxy): names with and without a leading dot, addresses, CIDR
/// ranges of IPv4, each with an optional port, and "*"; this machine is never reached by proxy.
std::string ProxyFor(std::string_view server, const ProxySettings& settings);

}  // namespace slipway
