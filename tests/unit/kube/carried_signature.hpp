#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "operator/base/digest.hpp"
#include "tests/unit/base/test_signer.hpp"

namespace slipway::testing {

inline std::string Digest(char digit) { return "sha256:" + std::string(64, digit); }

/// What cosign signs, byte for byte.
inline std::string Claim(const std::string& digest,
                         const std::string& type = "cosign container image signature") {
  return fmt::format(R"({{"critical":{{"identity":{{"docker-reference":"registry.corp/ml/churn"}},)"
                     R"("image":{{"docker-manifest-digest":"{}"}},"type":"{}"}},"optional":null}})",
                     digest, type);
}

/// As `cosign download signature` prints it.
inline std::string CarriedLine(const std::string& payload, const std::string& signature) {
  return nlohmann::json{{"Base64Signature", ToBase64(signature)},
                        {"Payload", ToBase64(payload)},
                        {"Cert", nullptr},
                        {"Chain", nullptr},
                        {"Bundle", nullptr},
                        {"RFC3161Timestamp", nullptr}}
      .dump();
}

inline std::string CarriedLine(const std::string& digest, const TestSigner& signer,
                               const EVP_MD* hash = EVP_sha256()) {
  return CarriedLine(Claim(digest), signer.Sign(Claim(digest), hash));
}

inline std::string Statement(const std::string& hex,
                             const std::string& of = "https://sigstore.dev/cosign/sign/v1") {
  return fmt::format(
      R"({{"_type":"https://in-toto.io/Statement/v1","subject":[{{"digest":{{"sha256":"{}"}}}}],)"
      R"("predicateType":"{}","predicate":{{}}}})",
      hex, of);
}

/// The bytes that are signed of an envelope.
inline std::string Enveloped(const std::string& payload) {
  return fmt::format("DSSEv1 28 application/vnd.in-toto+json {} {}", payload.size(), payload);
}

/// The same of cosign 3.
inline nlohmann::json Bundle(const std::string& payload, const std::string& signature) {
  return {{"mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json"},
          {"verificationMaterial", {{"publicKey", {{"hint", "x"}}}}},
          {"dsseEnvelope",
           {{"payload", ToBase64(payload)},
            {"payloadType", "application/vnd.in-toto+json"},
            {"signatures", {{{"sig", ToBase64(signature)}}}}}}};
}

}  // namespace slipway::testing
