#pragma once

#include <openssl/types.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "operator/base/result.hpp"
#include "operator/kube/credentials.hpp"

namespace slipway {

/// Certificates and key, parsed once and given to every new connection. Thread-safe.
class TlsMaterial {
 public:
  /// Fails with a message that says which part cannot be used and why.
  static Result<std::shared_ptr<TlsMaterial>> Parse(const Credentials& credentials);

  /// Makes a context trust these authorities and no others, present the client certificate, and
  /// speak TLS 1.2 at least. The context must not outlive this object.
  void Apply(SSL_CTX* context);

  /// Why the last server certificate was refused, e.g. "unable to get local issuer certificate";
  /// empty when it was not, or for its host name only.
  std::string LastRefusal() const;

 private:
  struct Free {
    void operator()(X509* certificate) const;
    void operator()(X509_STORE* store) const;
    void operator()(EVP_PKEY* key) const;
  };
  template <class T>
  using Owned = std::unique_ptr<T, Free>;

  static Result<std::vector<Owned<X509>>> ParseCertificates(const std::string& pem,
                                                            std::string_view what);
  Result<void> LoadAuthorities(const Credentials& credentials);
  Result<void> LoadIdentity(const Credentials& credentials);
  static int Verify(X509_STORE_CTX* verification, void* self);

  Owned<X509_STORE> authorities_;
  std::vector<Owned<X509>> chain_;  ///< Of the client; its own certificate first.
  Owned<EVP_PKEY> key_;
  std::atomic<int> last_refusal_{0};
};

}  // namespace slipway
