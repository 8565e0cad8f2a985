#include "operator/worker/web_client.hpp"

#include <fmt/format.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "operator/kube/public_authorities.hpp"

namespace slipway::worker {
namespace {

constexpr std::chrono::seconds kRequestDeadline{30};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return file ? text.str() : "";
}

Result<std::string> Authorities(const std::string& ca_file) {
  if (!ca_file.empty()) {
    std::string pem = ReadAll(ca_file);
    if (!pem.empty()) return pem;
    return Fail(Code::kNotFound,
                fmt::format("caBundle: there is no {}; check that the ConfigMap exists in the "
                            "namespace of the trigger and has that key",
                            ca_file));
  }
  std::string pem = PublicAuthorities();
  if (!pem.empty()) return pem;
  return Fail(Code::kNotFound,
              "no certificate authorities are here to recognise the server by; name some in "
              "caBundle");
}

bool IsLoopback(const std::string& host) {
  static const std::regex kLoopback("(localhost|127(\\.[0-9]+){3})(:[0-9]+)?");
  return std::regex_match(host, kLoopback);
}

}  // namespace

Result<Address> ParseAddress(const std::string& url) {
  static const std::regex kAddress("(https?)://([^/?#@]+)(/[^?#]*)?");
  std::smatch match;
  if (!std::regex_match(url, match, kAddress)) {
    return Fail(Code::kInvalid, fmt::format("\"{}\" is no http:// or https:// address", url));
  }
  Address address{fmt::format("{}://{}", match[1].str(), match[2].str()), match[2], match[3],
                  match[1] == "http" && !IsLoopback(match[2])};
  while (address.path.ends_with('/')) address.path.pop_back();
  return address;
}

Result<WebClient> WebClient::Open(const Address& address, const std::string& ca_file,
                                  std::size_t max_body_bytes, std::string basic) {
  Credentials credentials;
  credentials.basic = std::move(basic);
  if (address.server.starts_with("https")) {
    auto authorities = Authorities(ca_file);
    if (!authorities) return tl::unexpected(std::move(authorities.error()));
    credentials.ca_pem = std::move(*authorities);
  }
  TransportOptions options;
  options.server = address.server;
  options.max_body_bytes = max_body_bytes;
  options.may_be_plain = true;
  auto transport =
      MakeCpprestTransport(std::move(options), MakeStaticCredentials(std::move(credentials)));
  if (!transport) return tl::unexpected(std::move(transport.error()));
  return WebClient(std::move(*transport));
}

Result<HttpResponse> WebClient::Get(const std::string& target, Headers headers) {
  HttpRequest request;
  request.target = target;
  request.verb = "get";
  request.headers = std::move(headers);
  return transport_->Send(std::move(request), kRequestDeadline);
}

std::string WebClient::Explain(int status, const std::string& words) {
  std::string_view way_out;
  if (status >= 300 && status < 400) {
    way_out = "a redirect, which is not followed; write the address that it leads to";
  } else if (status == 401 || status == 403) {
    way_out = "check that the Secret of secretRef has the right keys, and what they give rights to";
  } else if (status == 404) {
    way_out = "check the address, and that it exists for these credentials";
  } else if (status >= 500 || status == 429) {
    way_out = "it is tried again";
  }
  return fmt::format("the server answered {}{}{}{}{}", status, words.empty() ? "" : " ", words,
                     way_out.empty() ? "" : ": ", way_out);
}

}  // namespace slipway::worker
