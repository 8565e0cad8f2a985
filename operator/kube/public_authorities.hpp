#pragma once

#include <string>

namespace slipway {

/// The certificate authorities of the file that SSL_CERT_FILE names, else the public ones that come
/// with the operator's image, else those of a Debian machine, as PEM; empty when there are none.
/// For servers beside the cluster: an API server is known by its own authority alone.
std::string PublicAuthorities();

}  // namespace slipway
