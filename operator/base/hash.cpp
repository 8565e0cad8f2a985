#include "operator/base/hash.hpp"

#include <cstdint>

#include "operator/base/digest.hpp"

namespace slipway {
namespace {

Sha256Stream DigestOf(std::initializer_list<std::string_view> parts) {
  Sha256Stream stream;
  for (const std::string_view part : parts) {
    stream.Update(std::to_string(part.size()) + ":");
    stream.Update(part);
  }
  return stream;
}

}  // namespace

std::string Sha256Hex(std::initializer_list<std::string_view> parts) {
  return DigestOf(parts).Hex();
}

std::string ShortHash(std::initializer_list<std::string_view> parts) {
  // The alphabet of k8s.io/apimachinery/pkg/util/rand.
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  const std::string digest = DigestOf(parts).Finish();
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value = value << 8U | static_cast<unsigned char>(digest[i]);
  }
  std::string text;
  for (int i = 0; i < 8; ++i) {
    text += kAlphabet[value % kAlphabet.size()];
    value /= kAlphabet.size();
  }
  return text;
}

}  // namespace slipway
