#pragma once

#include <memory>
#include <string>

#include "operator/base/result.hpp"
#include "operator/kube/kubeconfig.hpp"

namespace slipway {

/// How a client and its API server recognise each other. Never logged.
struct Credentials {
  std::string ca_pem;           ///< The authorities to trust, several during a rotation.
  std::string certificate_pem;  ///< Client certificate with its chain; empty for none.
  std::string key_pem;
  std::string token;  ///< Bearer token; empty for none.
  /// "user:password" for servers that take no token; empty for none. No API server does.
  std::string basic{};
  bool operator==(const Credentials&) const = default;
};

/// Where the present credentials come from. Thread-safe.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  /// The credentials to use for the next request; never null. Does not block on I/O.
  virtual std::shared_ptr<const Credentials> Current() = 0;
  /// Reads them again because the server refused them. May block (a plugin is run); true when
  /// they are different now, so that trying again makes sense.
  virtual bool Refresh() = 0;
};

/// Credentials that never change.
std::shared_ptr<CredentialSource> MakeStaticCredentials(Credentials credentials);

/// The credentials that a ClusterConfig describes. Files are read at once, and again whenever
/// they change on disk, including the symbolic-link swap by which a kubelet replaces a mounted
/// Secret; a new state that cannot be read is logged and the old one kept. A plugin is run at
/// once, and again before what it gave expires.
Result<std::shared_ptr<CredentialSource>> MakeCredentialSource(const ClusterConfig& config);

}  // namespace slipway
