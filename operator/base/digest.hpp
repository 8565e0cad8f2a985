#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace slipway {

/// Lower-case hex digits, two a byte.
std::string ToHex(std::string_view bytes);

/// SHA-256 over what is fed to it piece by piece, as other programs understand it. For hashes of
/// our own there is hash.hpp, which keeps the parts apart.
class Sha256Stream {
 public:
  Sha256Stream();
  void Update(std::string_view bytes);
  /// The digest, 32 bytes. Ends the stream.
  std::string Finish();
  /// The same as 64 lower-case hex digits.
  std::string Hex() { return ToHex(Finish()); }

 private:
  struct Free {
    void operator()(void* context) const;
  };
  std::unique_ptr<void, Free> context_;
};

/// The digest of one text, as 64 lower-case hex digits.
std::string PlainSha256Hex(std::string_view text);

/// Whether the text is "sha256:" and 64 lower-case hex digits, as registries write digests.
bool IsSha256Digest(std::string_view text);

/// HMAC-SHA256 (RFC 2104): 32 bytes.
std::string HmacSha256(std::string_view key, std::string_view text);

/// RFC 4648, with padding.
std::string ToBase64(std::string_view bytes);
/// The bytes of such a text; an empty string when it is none.
std::string FromBase64(std::string_view text);

}  // namespace slipway
