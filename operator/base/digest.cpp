#include "operator/base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdlib>
#include <vector>

namespace slipway {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Fails only without memory or without a crypto provider. Going on would give every child of
/// every owner the same name (hash.hpp).
void Must(bool done) {
  if (!done) std::abort();
}

EVP_MD_CTX* Context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

void Sha256Stream::Free::operator()(void* context) const { EVP_MD_CTX_free(Context(context)); }

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new()) {
  Must(context_ && EVP_DigestInit_ex(Context(context_.get()), EVP_sha256(), nullptr) == 1);
}

void Sha256Stream::Update(std::string_view bytes) {
  Must(EVP_DigestUpdate(Context(context_.get()), bytes.data(), bytes.size()) == 1);
}

std::string Sha256Stream::Finish() {
  std::array<unsigned char, 32> digest{};
  Must(EVP_DigestFinal_ex(Context(context_.get()), digest.data(), nullptr) == 1);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool IsSha256Digest(std::string_view text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  constexpr std::size_t kDigits = 64;
  return text.starts_with(kAlgorithm) && text.size() == kAlgorithm.size() + kDigits &&
         text.find_first_not_of("0123456789abcdef", kAlgorithm.size()) == std::string_view::npos;
}

std::string PlainSha256Hex(std::string_view text) {
  Sha256Stream stream;
  stream.Update(text);
  return stream.Hex();
}

std::string HmacSha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  Must(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), Bytes(text), text.size(),
            digest.data(), &size) != nullptr);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string ToHex(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kHex[byte >> 4U];
    text += kHex[byte & 0xFU];
  }
  return text;
}

std::string ToBase64(std::string_view bytes) {
  std::vector<unsigned char> text(4 * ((bytes.size() + 2) / 3) + 1);
  const int size = EVP_EncodeBlock(text.data(), Bytes(bytes), static_cast<int>(bytes.size()));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size)};
}

std::string FromBase64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return {};
  std::vector<unsigned char> bytes(text.size() / 4 * 3);
  const int size = EVP_DecodeBlock(bytes.data(), Bytes(text), static_cast<int>(text.size()));
  if (size < 0) return {};
  // The padding comes out as zeros.
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size) - padding};
}

}  // namespace slipway
