#include "controllers/isolation/signatures.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "controllers/isolation/images.hpp"
#include "operator/base/public_key.hpp"

namespace slipway::isolation {
namespace {

constexpr std::size_t kMaxSignatures = 100;
constexpr std::size_t kShown = 3;

using Signatures = std::vector<const ImageSignature*>;

/// Carried twice is signed once.
bool Has(const Signatures& signatures, const ImageSignature& one) {
  return std::ranges::any_of(signatures,
                             [&](const ImageSignature* other) { return *other == one; });
}

Signatures SignaturesOf(std::string_view digest,
                        const std::vector<const ImageSignaturesView*>& carried) {
  Signatures found;
  for (const auto* view : carried) {
    for (const auto& signature : view->signatures) {
      if (found.size() == kMaxSignatures) return found;
      if (signature.digest == digest && !Has(found, signature)) found.push_back(&signature);
    }
  }
  return found;
}

bool IsSignedByOne(const Signers& signers, const Signatures& signatures) {
  return std::ranges::any_of(signers.keys, [&](const api::IsolationSignatureKey& key) {
    const auto readable = PublicKey::Parse(key.public_key);
    return readable && std::ranges::any_of(signatures, [&](const ImageSignature* one) {
             return readable->Verifies(one->signed_bytes, one->signature);
           });
  });
}

std::string NamesOf(const std::vector<api::IsolationSignatureKey>& keys) {
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const auto& key : keys) names.push_back(key.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

bool IsLabelled(const Object& object) {
  const auto label = object.meta.labels.find(kSignaturesLabel);
  return label != object.meta.labels.end() && label->second == "true";
}

}  // namespace

Lookup LookUpSignatures(const Settings& settings) {
  Lookup carried{kImageSignatures,
                 [](const Object& object) { return std::string(IsLabelled(object) ? "all" : ""); },
                 [](const Object&) { return std::vector<std::string>{"all"}; }};
  carried.index = "signatures";
  carried.in_namespace = settings.operator_namespace;
  carried.selector = kSignaturesSelector;
  return carried;
}

SignedImages::SignedImages(const ImageRules& rules, const Snapshot& world, const Settings& settings)
    : signers_(rules.signers) {
  if (signers_.empty()) return;
  std::vector<std::string> unreadable;
  for (const auto& config_map : world.All(kImageSignatures)) {
    if (config_map.key.ns != settings.operator_namespace) continue;
    carried_.push_back(&config_map.body);
    for (const auto& key : config_map.body.unreadable) {
      if (unreadable.size() < kShown) unreadable.push_back(config_map.key.name + "/" + key);
    }
  }
  if (!unreadable.empty()) {
    unreadable_ = fmt::format("; what cannot be read there: {}", fmt::join(unreadable, ", "));
  }
  where_ = fmt::format("of namespace {} with the label {}", settings.operator_namespace,
                       kSignaturesSelector);
}

std::optional<std::string> SignedImages::WhyNot(const std::string& image) {
  if (signers_.empty()) return std::nullopt;
  const std::string digest(DigestInName(image));
  const auto known = judged_.find(digest);
  if (known != judged_.end()) return known->second;
  return judged_.emplace(digest, Judge(digest)).first->second;
}

std::optional<std::string> SignedImages::Judge(std::string_view digest) const {
  const Signatures signatures = SignaturesOf(digest, carried_);
  for (const auto& signers : signers_) {
    if (!digest.empty() && IsSignedByOne(signers, signatures)) continue;
    const std::string wanted =
        fmt::format("{} of IsolationPolicy {}", NamesOf(signers.keys), signers.policy);
    if (signatures.empty()) {
      return fmt::format(
          "has no signature by a key ({}): there is none of its digest in the {} ConfigMap{} {}; "
          "carry there what `cosign download signature` prints{}",
          wanted, carried_.size(), carried_.size() == 1 ? "" : "s", where_, unreadable_);
    }
    return fmt::format(
        "has no signature by a key ({}), but {} by others or of something else; have it signed by "
        "one of these and carry what `cosign download signature` prints into a ConfigMap {}, or "
        "have the key added to spec.images.signatureKeys{}",
        wanted, signatures.size(), where_, unreadable_);
  }
  return std::nullopt;
}

std::string WhyNoKey(const api::IsolationPolicySpec& spec) {
  for (const auto& key : spec.images.signature_keys) {
    const auto readable = PublicKey::Parse(key.public_key);
    if (readable) continue;
    return fmt::format(
        "spec.images.signatureKeys[{}].publicKey {}, so no image is signed by it; put what "
        "cosign.pub holds there",
        key.name, readable.error().message);
  }
  return {};
}

}  // namespace slipway::isolation
