#include "operator/kube/image_signatures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "operator/base/digest.hpp"

namespace slipway {
namespace {

/// A claim has some 250 bytes, and more where somebody has added annotations to it.
constexpr std::size_t kMaxSigned = 16384;
/// More than any key that is taken makes.
constexpr std::size_t kMaxSignature = 2048;
constexpr std::size_t kMaxUnreadable = 3;

constexpr std::string_view kStatement = "application/vnd.in-toto+json";
/// What else is stated of an image, such as where it was built, is no signature of it.
constexpr std::string_view kSigned = "https://sigstore.dev/cosign/sign/v1";

/// Of which image a claim of "simple signing" is.
std::string ClaimedDigest(std::string_view payload) {
  JsonParser parser;
  const auto claim = parser.Parse(payload);
  if (!claim) return {};
  const JsonView critical = (*claim)["critical"];
  const std::string type = critical["type"].Text();
  const bool known =
      type == "cosign container image signature" || type == "atomic container signature";
  return known ? critical["image"]["docker-manifest-digest"].Text() : "";
}

/// The one element of an array: cosign makes no statement about several images, and signs none with
/// several keys. Each would cost another copy of what was signed.
JsonView OnlyOne(const JsonView& array) {
  std::size_t count = 0;
  JsonView only;
  array.ForEach([&](const JsonView& one) {
    ++count;
    only = one;
  });
  return count == 1 ? only : JsonView();
}

/// Of which image a statement is.
std::string StatedDigest(std::string_view payload) {
  JsonParser parser;
  const auto statement = parser.Parse(payload);
  if (!statement || (*statement)["predicateType"].String() != kSigned) return {};
  return "sha256:" + OnlyOne((*statement)["subject"])["digest"]["sha256"].Text();
}

bool Add(ImageSignature signature, std::vector<ImageSignature>& signatures) {
  const bool whole = IsSha256Digest(signature.digest) &&
                     signature.signed_bytes.size() <= kMaxSigned && !signature.signature.empty() &&
                     signature.signature.size() <= kMaxSignature;
  if (whole) signatures.push_back(std::move(signature));
  return whole;
}

/// https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
bool ReadEnvelope(const JsonView& envelope, std::vector<ImageSignature>& signatures) {
  if (envelope["payloadType"].String() != kStatement) return false;
  const std::string payload = FromBase64(envelope["payload"].Text());
  std::string what =
      fmt::format("DSSEv1 {} {} {} {}", kStatement.size(), kStatement, payload.size(), payload);
  const JsonView signature = OnlyOne(envelope["signatures"]);
  return Add({StatedDigest(payload), std::move(what), FromBase64(signature["sig"].Text())},
             signatures);
}

bool ReadOne(const JsonView& object, std::vector<ImageSignature>& signatures) {
  if (const JsonView envelope = object["dsseEnvelope"]; envelope.Exists()) {
    return ReadEnvelope(envelope, signatures);
  }
  std::string payload = FromBase64(object["Payload"].Text());
  std::string digest = ClaimedDigest(payload);
  return Add({std::move(digest), std::move(payload), FromBase64(object["Base64Signature"].Text())},
             signatures);
}

}  // namespace

bool ReadImageSignatures(std::string_view text, std::vector<ImageSignature>& signatures) {
  JsonParser parser;
  if (const auto whole = parser.Parse(text)) return ReadOne(*whole, signatures);
  bool readable = true;
  bool any = false;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    any = true;
    const auto object = parser.Parse(line);
    readable = object && ReadOne(*object, signatures) && readable;
  }
  return any && readable;
}

Result<ImageSignaturesView> DecodeImageSignatures(const JsonView& object) {
  if (!object.IsObject()) return Fail(Code::kInternal, "a ConfigMap that is no JSON object");
  ImageSignaturesView view;
  object["data"].ForEachMember([&](std::string_view key, const JsonView& text) {
    const bool readable = ReadImageSignatures(text.String().value_or(""), view.signatures);
    if (!readable && view.unreadable.size() < kMaxUnreadable) view.unreadable.emplace_back(key);
  });
  return view;
}

}  // namespace slipway
