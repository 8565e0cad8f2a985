#include "operator/kube/public_authorities.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace slipway {

std::string PublicAuthorities() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets a variable while others read.
  const char* named = std::getenv("SSL_CERT_FILE");
  for (const char* file : {named == nullptr ? "" : named, "/etc/slipway/public-authorities.pem",
                           "/etc/ssl/certs/ca-certificates.crt"}) {
    std::stringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    if (!text.str().empty()) return text.str();
  }
  return "";
}

}  // namespace slipway
