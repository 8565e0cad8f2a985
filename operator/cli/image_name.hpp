#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/result.hpp"

namespace slipway::cli {

/// The name of an image with nothing left to guess: what container runtimes fill in is filled in
/// (https://github.com/distribution/reference).
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

/// Where the images of a registry, or of a part of it, are copied to.
struct Mirror {
  std::string source;  ///< "docker.io" or "docker.io/library".
  std::string mirror;  ///< "registry.corp/hub".
};

/// "docker.io=registry.corp/hub". The error says how it must look.
Result<Mirror> ParseMirror(std::string_view text);

/// The name that an image has in the mirror of the longest source that it is in; nullopt when it is
/// in none of them.
std::optional<std::string> NameInMirror(const ImageName& image, const std::vector<Mirror>& mirrors);

}  // namespace slipway::cli
