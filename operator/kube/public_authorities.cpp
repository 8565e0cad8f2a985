#include "operator/kube/public_authorities.hpp"

#include <array>
#include <fstream>
#include <sstream>

namespace slipway {

std::string PublicAuthorities() {
  constexpr std::array kFiles{"/etc/slipway/public-authorities.pem",
                              "/etc/ssl/certs/ca-certificates.crt"};
  for (const char* file : kFiles) {
    std::stringstream text;
    text << std::ifstream(file, std::ios::binary).rdbuf();
    if (!text.str().empty()) return text.str();
  }
  return "";
}

}  // namespace slipway
