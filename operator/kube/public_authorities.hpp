#pragma once

#include <string>

namespace slipway {

/// The public certificate authorities that come with the operator's image, else those of a Debian
/// machine, as PEM; empty when there are none. For servers beside the cluster: an API server is
/// known by its own authority alone.
std::string PublicAuthorities();

}  // namespace slipway
