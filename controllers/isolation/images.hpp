#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controllers/isolation/rules.hpp"

/// Names of images and the rules about them.
namespace slipway::isolation {

/// The whole name of an image, as container runtimes complete it
/// (https://github.com/distribution/reference): "busybox" is docker.io/library/busybox.
std::string FullName(std::string_view image);

/// The name by which the image is had: that in the mirror of its registry, if it has one.
std::string Mirrored(const std::string& image, const ImageRules& rules);

/// Why such an image may not run, as a clause about the image with the way out; nullopt when it
/// may. It is about the name that is left after Mirrored.
std::optional<std::string> WhyNotAllowed(const std::string& image, const ImageRules& rules);

}  // namespace slipway::isolation
