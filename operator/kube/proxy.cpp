#include "operator/kube/proxy.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "operator/base/lower_case.hpp"

namespace slipway {
namespace {

struct HostPort {
  std::string host;
  std::string port;
};

HostPort SplitPort(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {InLowerCase(text), ""};
  return {InLowerCase(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

HostPort ServerOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  HostPort server = SplitPort(url.substr(0, url.find('/')));
  if (server.port.empty()) server.port = "443";
  return server;
}

std::optional<std::uint32_t> Ipv4(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

bool InRange(std::uint32_t address, std::string_view range) {
  const std::size_t slash = range.find('/');
  const auto base = Ipv4(std::string(range.substr(0, slash)));
  unsigned bits = 0;
  const char* const end = range.data() + range.size();
  const auto parsed = std::from_chars(range.data() + slash + 1, end, bits);
  if (!base || parsed.ec != std::errc() || parsed.ptr != end || bits > 32) return false;
  const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
  return (address & mask) == (*base & mask);
}

bool Excludes(std::string_view entry, const HostPort& server) {
  if (entry.empty()) return false;
  if (entry == "*") return true;
  const auto address = Ipv4(server.host);
  if (entry.find('/') != std::string_view::npos) return address && InRange(*address, entry);
  HostPort rule = SplitPort(entry);
  if (!rule.port.empty() && rule.port != server.port) return false;
  if (rule.host.starts_with("*.")) rule.host.erase(0, 1);
  if (rule.host.starts_with('.')) return server.host.ends_with(rule.host);
  return server.host == rule.host || (!address && server.host.ends_with("." + rule.host));
}

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string Variable(const char* upper, const char* lower) {
  // Nothing writes to the environment once there are threads (HideSystemCertificates).
  const char* value = std::getenv(upper);  // NOLINT(concurrency-mt-unsafe)
  if (value == nullptr || *value == '\0') {
    value = std::getenv(lower);  // NOLINT(concurrency-mt-unsafe)
  }
  return value == nullptr ? "" : value;
}

}  // namespace

ProxySettings ProxySettings::FromEnvironment() {
  return {Variable("HTTPS_PROXY", "https_proxy"), Variable("NO_PROXY", "no_proxy")};
}

std::string ProxyFor(std::string_view server_url, const ProxySettings& settings) {
  if (settings.https_proxy.empty()) return "";
  const HostPort server = ServerOf(server_url);
  if (server.host == "localhost" || server.host.starts_with("127.")) return "";
  std::string_view rest = settings.no_proxy;
  while (!rest.empty()) {
    const std::size_t comma = rest.find(',');
    if (Excludes(Trim(rest.substr(0, comma)), server)) return "";
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  const bool has_scheme = settings.https_proxy.find("://") != std::string::npos;
  return has_scheme ? settings.https_proxy : "http://" + settings.https_proxy;
}

}  // namespace slipway
