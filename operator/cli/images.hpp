#pragma once

#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "crds/gen/schema.hpp"
#include "operator/base/clock.hpp"
#include "operator/cli/image_list.hpp"

namespace slipway::cli {

/// Objects that were written down, and a line for each thing that is wrong with them.
struct Manifests {
  std::vector<nlohmann::json> objects;
  std::vector<std::string> problems;
};

/// The objects of files, folders and "-", with a namespace (`ns` unless they name one) where they
/// are custom resources that need one. What is refused is among them all the same: an image that is
/// forgotten is missed later than a word too many.
Manifests ReadManifests(const std::vector<crdgen::Crd>& crds, const std::vector<std::string>& files,
                        std::istream& input, const std::string& ns, Instant now);

/// The namespaces of custom resources of Slipway.
std::set<std::string> NamespacesOf(const std::vector<nlohmann::json>& objects);

struct ImagesOptions {
  std::string output;  ///< Empty, "wide", "name", "json", "skopeo" or "oc-mirror".
  std::vector<Mirror> mirrors;
  bool require_digest = false;
};

/// Writes the list to `out` and what is wrong with it to `problems`; the answer is the exit code. A
/// list that is not complete is an error: what it leaves out is missed where it cannot be had.
int ShowImages(const ImageList& list, const ImagesOptions& options, std::ostream& out,
               std::ostream& problems);

}  // namespace slipway::cli
