#include "operator/base/signing_key.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <vector>

#include "operator/base/digest.hpp"

namespace slipway {
namespace {

/// That of RSA with 2048 bits, and of the shortest curve that is still taken for safe.
constexpr int kLeastSecurityBits = 112;

EVP_PKEY* Key(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

std::shared_ptr<void> Owned(EVP_PKEY* key) {
  return {key, [](void* one) { EVP_PKEY_free(static_cast<EVP_PKEY*>(one)); }};
}

/// OpenSSL would otherwise ask for a passphrase on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

Bio Reading(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all};
}

bool IsTaken(int kind) {
  return kind == EVP_PKEY_RSA || kind == EVP_PKEY_EC || kind == EVP_PKEY_ED25519;
}

}  // namespace

Result<SigningKey> SigningKey::Parse(const std::string& pem) {
  const auto has = [&pem](const char* word) { return pem.find(word) != std::string::npos; };
  if (has("BEGIN ENCRYPTED ") || has("4,ENCRYPTED")) {
    return Fail(Code::kInvalid,
                "is encrypted, and nobody is asked for a passphrase; decrypt it with `openssl pkey "
                "-in FILE`");
  }
  const Bio text = Reading(pem);
  auto key = Owned(PEM_read_bio_PrivateKey(text.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (!key) {
    return Fail(Code::kInvalid, "is no private key in PEM (\"-----BEGIN PRIVATE KEY-----\")");
  }
  const bool taken = IsTaken(EVP_PKEY_get_base_id(Key(key)));
  if (!taken || EVP_PKEY_get_security_bits(Key(key)) < kLeastSecurityBits) {
    const char* name = EVP_PKEY_get0_type_name(Key(key));
    return Fail(
        Code::kInvalid,
        fmt::format("is a key of {} with {} bits; ECDSA on P-256, P-384 or P-521, RSA of "
                    "2048 bits or more, or Ed25519 can be used",
                    name == nullptr ? "an unknown kind" : name, EVP_PKEY_get_bits(Key(key))));
  }
  return SigningKey(std::move(key));
}

Result<std::string> SigningKey::Sign(std::string_view bytes) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_PKEY* key = Key(key_);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  // Ed25519 brings its own hash.
  const EVP_MD* hash = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  std::size_t size = 0;
  const auto sign = [&](unsigned char* place) {
    return EVP_DigestSign(context.get(), place, &size, data, bytes.size()) == 1;
  };
  std::string signature;
  bool done = context && EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
              sign(nullptr);
  if (done) {
    signature.resize(size);
    done = sign(reinterpret_cast<unsigned char*>(signature.data()));
    signature.resize(size);  // Of ECDSA the first answer is the longest that there may be.
  }
  ERR_clear_error();
  if (!done) return Fail(Code::kInternal, "OpenSSL could not sign with this key");
  return signature;
}

std::string SigningKey::PublicPem() const {
  const Bio bio(BIO_new(BIO_s_mem()), BIO_free_all);
  PEM_write_bio_PUBKEY(bio.get(), Key(key_));
  const char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string FingerprintOf(const std::string& public_pem) {
  const Bio text = Reading(public_pem);
  const auto key = Owned(PEM_read_bio_PUBKEY(text.get(), nullptr, NoPassphrase, nullptr));
  ERR_clear_error();
  if (!key) return {};
  std::vector<unsigned char> der(static_cast<std::size_t>(i2d_PUBKEY(Key(key), nullptr)));
  unsigned char* end = der.data();
  i2d_PUBKEY(Key(key), &end);
  return "SHA256:" + PlainSha256Hex({reinterpret_cast<const char*>(der.data()), der.size()});
}

}  // namespace slipway
