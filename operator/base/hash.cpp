#include "operator/base/hash.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace slipway {
namespace {

using Digest = std::array<unsigned char, 32>;

Digest Sha256(std::initializer_list<std::string_view> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  Digest digest{};
  bool ok = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
  for (const std::string_view part : parts) {
    const std::string length = std::to_string(part.size()) + ":";
    ok = ok && EVP_DigestUpdate(context.get(), length.data(), length.size()) == 1;
    ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  }
  ok = ok && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  // SHA-256 fails only without memory or without a crypto provider. Going on would give every
  // child of every owner the same name.
  if (!ok) std::abort();
  return digest;
}

}  // namespace

std::string Sha256Hex(std::initializer_list<std::string_view> parts) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (const unsigned char byte : Sha256(parts)) {
    text += kHex[byte >> 4U];
    text += kHex[byte & 0xFU];
  }
  return text;
}

std::string ShortHash(std::initializer_list<std::string_view> parts) {
  // The alphabet of k8s.io/apimachinery/pkg/util/rand.
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  const Digest digest = Sha256(parts);
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8U | digest[i];
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += kAlphabet[value % kAlphabet.size()];
    value /= kAlphabet.size();
  }
  return text;
}

}  // namespace slipway
