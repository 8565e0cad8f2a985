#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/common/settings.hpp"
#include "controllers/isolation/rules.hpp"
#include "operator/kube/image_signatures.hpp"
#include "operator/run/controller.hpp"

/// Which images are signed by those whom the policies of a place trust.
namespace slipway::isolation {

/// What a pass has to see for that: the ConfigMaps in the operator's own namespace that bear the
/// label. Whoever may write there is who runs the platform.
Lookup LookUpSignatures(const Settings& settings);

/// Judges each image once, since that takes arithmetic and many pods have the same.
class SignedImages {
 public:
  /// Of a place without rules for it: every image may run.
  SignedImages() = default;
  /// The world must outlive it.
  SignedImages(const ImageRules& rules, const Snapshot& world, const Settings& settings);

  /// Why the image is not signed as it has to be, as a clause about it with the way out; nullopt
  /// when it is. A signature is of a digest, so the name before it does not matter: a mirror has
  /// another. The first hundred signatures of an image count, as for cosign.
  std::optional<std::string> WhyNot(const std::string& image);

 private:
  std::optional<std::string> Judge(std::string_view digest) const;

  std::vector<Signers> signers_;
  std::vector<const ImageSignaturesView*> carried_;
  std::string unreadable_;  ///< What of the ConfigMaps is no signature, as the end of a clause.
  std::string where_;
  std::map<std::string, std::optional<std::string>, std::less<>> judged_;  ///< By digest.
};

/// What keeps the keys of a policy from being used, or an empty text. Such a key allows no image.
std::string WhyNoKey(const api::IsolationPolicySpec& spec);

}  // namespace slipway::isolation
