#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace slipway::testing {

/// A certificate and its key as PEM.
struct Identity {
  std::string certificate_pem;
  std::string key_pem;
};

/// A certificate authority made for one test. Keys are P-256, so that making one takes well under
/// a millisecond.
class TestAuthority {
 public:
  explicit TestAuthority(const std::string& name) : key_(EVP_EC_gen("P-256"), EVP_PKEY_free) {
    certificate_ = Sign(name, key_.get(), "", nullptr);
  }

  std::string pem() const { return Pem(certificate_.get()); }

  /// `alternative_names` as in openssl.cnf, e.g. "IP:127.0.0.1,DNS:example".
  Identity Issue(const std::string& common_name, const std::string& alternative_names = "") const {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    const Certificate certificate =
        Sign(common_name, key.get(), alternative_names, certificate_.get());
    return {Pem(certificate.get()), Pem(key.get())};
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

  static void Extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  /// Self-signed without an issuer.
  Certificate Sign(const std::string& common_name, EVP_PKEY* subject_key,
                   const std::string& alternative_names, X509* issuer) const {
    Certificate certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), 2);
    static long serial = 1;
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), subject_key);
    X509_NAME* subject = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    X509_set_issuer_name(certificate.get(),
                         issuer == nullptr ? subject : X509_get_subject_name(issuer));
    if (issuer == nullptr) {
      Extend(certificate.get(), certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    }
    if (!alternative_names.empty()) {
      Extend(certificate.get(), issuer, NID_subject_alt_name, alternative_names);
    }
    X509_sign(certificate.get(), key_.get(), EVP_sha256());
    return certificate;
  }

  template <class T>
  static std::string Pem(T* object) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
    if constexpr (std::is_same_v<T, X509>) {
      PEM_write_bio_X509(bio.get(), object);
    } else {
      PEM_write_bio_PrivateKey(bio.get(), object, nullptr, nullptr, 0, nullptr, nullptr);
    }
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  Key key_;
  Certificate certificate_{nullptr, X509_free};
};

}  // namespace slipway::testing
