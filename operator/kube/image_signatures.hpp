#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "operator/kube/resource.hpp"

/// Signatures of images, as cosign makes them (https://github.com/sigstore/cosign), where they were
/// carried to: ConfigMaps, each of whose keys holds what `cosign download signature` prints.
namespace slipway {

/// One that says of which image it is. Nothing is known yet of who made it.
struct ImageSignature {
  std::string digest;  ///< Of the image, "sha256:" and 64 hex digits.
  std::string signed_bytes;
  std::string signature;  ///< As bytes.
  bool operator==(const ImageSignature&) const = default;
};

struct ImageSignaturesView {
  std::vector<ImageSignature> signatures;
  /// The first keys that hold something else, or something else as well.
  std::vector<std::string> unreadable;
};

/// The signatures in one text: a JSON object, or one a line. Two forms are known:
///   - {"Base64Signature", "Payload"}, the payload being a claim about a digest in the form of
///     "simple signing"
///     (https://github.com/containers/image/blob/main/docs/containers-signature.5.md);
///   - a bundle of Sigstore with an envelope (DSSE) around a statement of in-toto, which is what
///     cosign makes since version 3.
/// Certificates and entries of public logs beside them are not looked at. False when something was
/// none of these; what could be read is in `signatures` all the same.
bool ReadImageSignatures(std::string_view text, std::vector<ImageSignature>& signatures);

Result<ImageSignaturesView> DecodeImageSignatures(const JsonView& object);

/// Of ConfigMaps only those with the label kSignaturesLabel are watched.
inline constexpr Resource<ImageSignaturesView> kImageSignatures{
    {"", "v1", "ConfigMap", "configmaps"}, DecodeImageSignatures};
inline constexpr std::string_view kSignaturesLabel = "slipway.dev/image-signatures";
inline constexpr std::string_view kSignaturesSelector = "slipway.dev/image-signatures=true";

}  // namespace slipway
