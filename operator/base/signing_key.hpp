#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace slipway {

/// A key that signs; whoever has its public part can tell (public_key.hpp). Copies share it; it
/// never changes.
class SigningKey {
 public:
  /// Reads a private key in PEM: ECDSA, RSA of 2048 bits or more, or Ed25519, not encrypted:
  /// nobody is asked for a passphrase. An error is a clause about the text, and has no part of it.
  static Result<SigningKey> Parse(const std::string& pem);

  /// The signature of these bytes, as bytes: ECDSA (in DER) and RSA (PKCS #1 v1.5) over their
  /// SHA-256, as `openssl dgst -sha256 -sign` makes it, or Ed25519.
  Result<std::string> Sign(std::string_view bytes) const;

  /// The public part in PEM.
  std::string PublicPem() const;

 private:
  explicit SigningKey(std::shared_ptr<void> key) : key_(std::move(key)) {}

  std::shared_ptr<void> key_;
};

/// By which people know a public key: "SHA256:" and the hex digest of its DER, which is
/// `openssl pkey -pubin -outform DER | sha256sum`. Empty when the text is no public key in PEM.
std::string FingerprintOf(const std::string& public_pem);

}  // namespace slipway
