#include "operator/kube/tls_material.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace slipway {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio OpenText(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

/// The oldest error of this thread's OpenSSL queue, which is then emptied.
std::string TakeOpenSslError() {
  const char* reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return reason == nullptr ? "unknown reason" : reason;
}

/// An encrypted key would otherwise make OpenSSL ask for a passphrase on the terminal.
int NoPassphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

}  // namespace

void TlsMaterial::Free::operator()(X509* certificate) const { X509_free(certificate); }
void TlsMaterial::Free::operator()(X509_STORE* store) const { X509_STORE_free(store); }
void TlsMaterial::Free::operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

Result<std::shared_ptr<TlsMaterial>> TlsMaterial::Parse(const Credentials& credentials) {
  auto material = std::make_shared<TlsMaterial>();
  if (auto loaded = material->LoadAuthorities(credentials); !loaded) {
    return tl::unexpected(std::move(loaded.error()));
  }
  if (auto loaded = material->LoadIdentity(credentials); !loaded) {
    return tl::unexpected(std::move(loaded.error()));
  }
  return material;
}

Result<std::vector<TlsMaterial::Owned<X509>>> TlsMaterial::ParseCertificates(
    const std::string& pem, std::string_view what) {
  std::vector<Owned<X509>> certificates;
  const Bio text = OpenText(pem);
  ERR_clear_error();
  while (X509* certificate = PEM_read_bio_X509(text.get(), nullptr, NoPassphrase, nullptr)) {
    certificates.emplace_back(certificate);
  }
  // Reading past the last certificate is an error too, but the expected one.
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (certificates.empty() && at_end) {
    ERR_clear_error();
    return Fail(Code::kInvalid,
                fmt::format("the {} has no \"-----BEGIN CERTIFICATE-----\" block", what));
  }
  if (!at_end) {
    return Fail(Code::kInvalid, fmt::format("certificate {} of the {} cannot be read: {}",
                                            certificates.size() + 1, what, TakeOpenSslError()));
  }
  ERR_clear_error();
  return certificates;
}

Result<void> TlsMaterial::LoadAuthorities(const Credentials& credentials) {
  if (credentials.ca_pem.empty()) {
    return Fail(Code::kInvalid,
                "no certificate authority is given for the API server, and the machine's own are "
                "never trusted; set certificate-authority or certificate-authority-data");
  }
  auto certificates = ParseCertificates(credentials.ca_pem, "certificate authority");
  if (!certificates) return tl::unexpected(std::move(certificates.error()));
  authorities_.reset(X509_STORE_new());
  for (const auto& certificate : *certificates) {
    X509_STORE_add_cert(authorities_.get(), certificate.get());
  }
  return {};
}

Result<void> TlsMaterial::LoadIdentity(const Credentials& credentials) {
  if (credentials.certificate_pem.empty() && credentials.key_pem.empty()) return {};
  if (credentials.certificate_pem.empty() || credentials.key_pem.empty()) {
    return Fail(Code::kInvalid,
                credentials.key_pem.empty()
                    ? "a client certificate is given without its key; set client-key"
                    : "a client key is given without its certificate; set client-certificate");
  }
  auto chain = ParseCertificates(credentials.certificate_pem, "client certificate");
  if (!chain) return tl::unexpected(std::move(chain.error()));
  chain_ = std::move(*chain);
  ERR_clear_error();
  key_.reset(
      PEM_read_bio_PrivateKey(OpenText(credentials.key_pem).get(), nullptr, NoPassphrase, nullptr));
  if (!key_) {
    return Fail(Code::kInvalid,
                fmt::format("the client key cannot be read (it must be unencrypted PEM): {}",
                            TakeOpenSslError()));
  }
  if (X509_check_private_key(chain_.front().get(), key_.get()) != 1) {
    ERR_clear_error();
    return Fail(Code::kInvalid, "the client key does not belong to the client certificate");
  }
  return {};
}

void TlsMaterial::Apply(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  X509_STORE_up_ref(authorities_.get());
  SSL_CTX_set_cert_store(context, authorities_.get());
  SSL_CTX_set_cert_verify_callback(context, &TlsMaterial::Verify, this);
  if (chain_.empty()) return;
  SSL_CTX_use_certificate(context, chain_.front().get());
  for (std::size_t i = 1; i < chain_.size(); ++i) {
    SSL_CTX_add1_chain_cert(context, chain_[i].get());
  }
  SSL_CTX_use_PrivateKey(context, key_.get());
}

int TlsMaterial::Verify(X509_STORE_CTX* verification, void* self) {
  const int verified = X509_verify_cert(verification);
  static_cast<TlsMaterial*>(self)->last_refusal_ = X509_STORE_CTX_get_error(verification);
  return verified;
}

std::string TlsMaterial::LastRefusal() const {
  const int error = last_refusal_;
  // A refusal by a callback is the library's check of the host name, which leaves no code here.
  const bool by_name = error == X509_V_OK || error == X509_V_ERR_UNSPECIFIED;
  return by_name ? "" : X509_verify_cert_error_string(error);
}

}  // namespace slipway
