#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <cstring>
#include <memory>
#include <string>

namespace slipway::testing {

/// Somebody with a key made for one test.
class TestSigner {
 public:
  static TestSigner Ecdsa(const char* curve) { return TestSigner(EVP_EC_gen(curve)); }
  static TestSigner Rsa(unsigned int bits) { return TestSigner(EVP_RSA_gen(bits)); }
  static TestSigner Ed25519() { return TestSigner(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }
  static TestSigner X25519() { return TestSigner(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")); }

  /// The public key.
  std::string Pem() const {
    return Written([this](BIO* out) { PEM_write_bio_PUBKEY(out, key_.get()); });
  }
  std::string SecretPem() const {
    return Written([this](BIO* out) {
      PEM_write_bio_PrivateKey(out, key_.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }

  /// `hash` is nullptr for Ed25519.
  std::string Sign(const std::string& text, const EVP_MD* hash) const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          EVP_MD_CTX_free);
    EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key_.get());
    std::size_t size = 0;
    EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                   text.size());
    signature.resize(size);
    return signature;
  }

 private:
  explicit TestSigner(EVP_PKEY* key) : key_(key, EVP_PKEY_free) {}

  template <class Write>
  static std::string Written(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), BIO_free);
    write(out.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return {text, static_cast<std::size_t>(size)};
  }

  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace slipway::testing
