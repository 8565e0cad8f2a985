#include "operator/base/public_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <vector>

namespace slipway {
namespace {

constexpr int kMinRsaBits = 2048;
/// A larger one makes every look at an image slow, and nobody has any.
constexpr int kMaxRsaBits = 8192;

EVP_PKEY* Key(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// OpenSSL would otherwise ask for a passphrase on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

/// The hashes over which such a key signs; a nullptr is none, for the algorithm that brings its
/// own. Empty for a key that is not taken.
std::vector<const EVP_MD*> HashesOf(const EVP_PKEY* key) {
  const int bits = EVP_PKEY_get_bits(key);
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_ED25519: return {nullptr};
    case EVP_PKEY_RSA:
      if (bits < kMinRsaBits || bits > kMaxRsaBits) return {};
      return {EVP_sha256()};
    case EVP_PKEY_EC: break;
    default: return {};
  }
  std::string curve(64, '\0');
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, curve.data(), curve.size(), &size) != 1) return {};
  curve.resize(size);
  if (curve == "prime256v1") return {EVP_sha256()};
  if (curve == "secp384r1") return {EVP_sha256(), EVP_sha384()};
  if (curve == "secp521r1") return {EVP_sha256(), EVP_sha512()};
  return {};
}

bool Verified(EVP_PKEY* key, const EVP_MD* hash, std::string_view bytes,
              std::string_view signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return context && EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(bytes),
                          bytes.size()) == 1;
}

}  // namespace

Result<PublicKey> PublicKey::Parse(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> text(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  std::shared_ptr<void> key(PEM_read_bio_PUBKEY(text.get(), nullptr, NoPassphrase, nullptr),
                            [](void* one) { EVP_PKEY_free(static_cast<EVP_PKEY*>(one)); });
  ERR_clear_error();
  if (!key) {
    return Fail(Code::kInvalid, "is no public key in PEM (\"-----BEGIN PUBLIC KEY-----\")");
  }
  if (HashesOf(Key(key)).empty()) {
    const char* name = EVP_PKEY_get0_type_name(Key(key));
    return Fail(
        Code::kInvalid,
        fmt::format("is a key of {} with {} bits; ECDSA on P-256, P-384 or P-521, RSA of {} "
                    "to {} bits, or Ed25519 can be used",
                    name == nullptr ? "an unknown kind" : name, EVP_PKEY_get_bits(Key(key)),
                    kMinRsaBits, kMaxRsaBits));
  }
  return PublicKey(std::move(key));
}

bool PublicKey::Verifies(std::string_view bytes, std::string_view signature) const {
  bool verified = false;
  for (const EVP_MD* hash : HashesOf(Key(key_))) {
    verified = verified || Verified(Key(key_), hash, bytes, signature);
  }
  ERR_clear_error();  // What does not fit is an error to OpenSSL, and its queue is the thread's.
  return verified;
}

}  // namespace slipway
