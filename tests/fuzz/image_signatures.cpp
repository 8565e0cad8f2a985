// A key of a ConfigMap that is to hold signatures of images: as it is, and as what is inside of the
// two forms that are known.
#include "operator/kube/image_signatures.hpp"

#include <nlohmann/json.hpp>

#include "operator/base/digest.hpp"
#include "operator/base/public_key.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

/// Somebody's; nobody has signed what a fuzzer makes.
const PublicKey& Key() {
  static const PublicKey kKey = *PublicKey::Parse(
      "-----BEGIN PUBLIC KEY-----\n"
      "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEU7XL7HK1pfwGfWQCg2LxLYuxHGo7\n"
      "HXllihfU+TF5PRyFafhh2V9tMTg8uwmZHprwlwLNx8yTq+0WSAyuXM1o1w==\n"
      "-----END PUBLIC KEY-----\n");
  return kKey;
}

void Read(std::string_view text) {
  std::vector<ImageSignature> found;
  const bool all = ReadImageSignatures(text, found);
  Require(!all || !found.empty(), "what is nothing is not taken for something");
  std::size_t size = 0;
  for (const auto& one : found) {
    Require(one.digest.size() == 71 && one.digest.starts_with("sha256:"), "it is of a digest",
            one.digest);
    Require(
        !one.signature.empty() && one.signature.size() <= 2048 && one.signed_bytes.size() <= 16384,
        "it is bounded");
    Require(!Key().Verifies(one.signed_bytes, one.signature), "nobody has signed it");
    size += one.signed_bytes.size() + one.signature.size();
  }
  Require(size <= 2 * text.size() + 64 * found.size(), "it costs no more than it has cost");
}

}  // namespace

void Fuzz(std::string_view input) {
  Read(input);
  const auto parts = Parts(input, 2);
  const std::string payload = ToBase64(parts.front());
  const std::string signature = ToBase64(parts.back());
  Read(nlohmann::json{{"Base64Signature", signature}, {"Payload", payload}}.dump());
  Read(nlohmann::json{{"dsseEnvelope",
                       {{"payloadType", "application/vnd.in-toto+json"},
                        {"payload", payload},
                        {"signatures", {{{"sig", signature}}}}}}}
           .dump());
}

}  // namespace slipway::fuzz
