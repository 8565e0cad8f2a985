#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace slipway {

/// A key by which the signatures of its owner are known. Copies share it; it never changes.
class PublicKey {
 public:
  /// Reads "-----BEGIN PUBLIC KEY-----" (RFC 7468): ECDSA on P-256, P-384 or P-521, RSA of 2048 to
  /// 8192 bits, or Ed25519. An error is a clause about the text.
  static Result<PublicKey> Parse(const std::string& pem);

  /// Whether the owner has signed these bytes: with ECDSA (in DER) or RSA (PKCS #1 v1.5) over their
  /// SHA-256, with ECDSA also over the hash that is of the size of its curve, or with Ed25519.
  bool Verifies(std::string_view bytes, std::string_view signature) const;

 private:
  explicit PublicKey(std::shared_ptr<void> key) : key_(std::move(key)) {}

  std::shared_ptr<void> key_;
};

}  // namespace slipway
