#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "crds/gen/schema.hpp"
#include "operator/cli/image_name.hpp"

namespace slipway::cli {

/// Who names an image, and where.
struct ImageUse {
  std::string kind, ns, name;  ///< The namespace is empty for kinds without one.
  std::string field;           ///< "spec.trainer.image".

  /// "TrainingJob ml/churn".
  std::string Object() const;
  auto operator<=>(const ImageUse&) const = default;
};

struct Image {
  ImageName name;
  std::set<ImageUse> uses;
  /// Of the name, else what the pods ran, else empty.
  std::string digest;
  std::string no_digest;  ///< Why there is none.

  /// What has to be carried: what pods will ask for, and what they have run. Never with tag and
  /// digest both, which tools refuse.
  std::vector<std::string> References() const;
};

struct ImageList {
  std::vector<Image> images;          ///< By name.
  std::vector<std::string> problems;  ///< What makes the list incomplete, a line each.
};

/// Whether a member of a custom resource names an image.
bool NamesImage(const crdgen::Property& property);

/// All images that these objects name, whatever their order: custom resources of `crds`, built-in
/// kinds that make pods, the operator's ConfigMap, and pods, which also tell the digests. What
/// cannot be looked into, or refers to what is not there, is a problem.
ImageList ListImages(const std::vector<crdgen::Crd>& crds,
                     const std::vector<nlohmann::json>& objects);

}  // namespace slipway::cli
