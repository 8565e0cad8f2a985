#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "crds/generated/types.hpp"

/// Names of images, as container runtimes read them (https://github.com/distribution/reference).
namespace slipway {

/// The name, whatever it is, with the registry and the folder that runtimes fill in: "busybox:1" is
/// docker.io/library/busybox:1.
std::string FullName(std::string_view image);

/// Whether `place` is `source` or in it: "docker.io/library" is in "docker.io", not in
/// "docker.iox".
bool IsIn(std::string_view place, std::string_view source);

/// The mirror of the longest source that a place is in, or nullptr.
const api::IsolationMirror* FindMirror(std::string_view place,
                                       const std::vector<api::IsolationMirror>& mirrors);

/// The name of an image with nothing left to guess.
struct ImageName {
  std::string registry;    ///< "docker.io" when the name has none.
  std::string repository;  ///< "library/busybox" for busybox.
  std::string tag;         ///< "latest" when the name has neither tag nor digest.
  std::string digest;      ///< "sha256:..."; empty when the name has none.

  /// "docker.io/library/busybox".
  std::string Place() const { return registry + "/" + repository; }
  /// The place with tag and digest.
  std::string Text() const;
  auto operator<=>(const ImageName&) const = default;
};

/// nullopt when no container runtime would take it for the name of an image.
std::optional<ImageName> ParseImageName(std::string_view text);

}  // namespace slipway
