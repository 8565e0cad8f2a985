// What a credential plugin prints; then, or in it, certificates and a key in PEM. The key in the
// corpus is the example of RFC 8410.
#include "operator/kube/exec_plugin.hpp"
#include "operator/kube/tls_material.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {

void Fuzz(std::string_view input) {
  const auto parts = Parts(input, 4);
  const auto credential = DecodeExecCredential(parts[0], "client.authentication.k8s.io/v1");
  Credentials credentials;
  if (credential) {
    Require(!credential->token.empty() || !credential->certificate_pem.empty(),
            "a credential lets somebody in");
    credentials.token = credential->token;
    credentials.certificate_pem = credential->certificate_pem;
    credentials.key_pem = credential->key_pem;
  } else {
    Require(IsUtf8(credential.error().message), "a message is UTF-8");
  }
  if (parts.size() > 1) credentials.ca_pem = parts[1];
  if (parts.size() > 2) credentials.certificate_pem = parts[2];
  if (parts.size() > 3) credentials.key_pem = parts[3];
  const auto material = TlsMaterial::Parse(credentials);
  Require(material.has_value() || !material.error().message.empty(), "an error says something");
  Require(!material || !credentials.ca_pem.empty(), "nobody is trusted by default");
}

}  // namespace slipway::fuzz
