#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controllers/isolation/rules.hpp"

/// Which images a place allows, and by which names they are had there.
namespace slipway::isolation {

/// The name by which the image is had: that in the mirror of its registry, if it has one.
std::string Mirrored(const std::string& image, const ImageRules& rules);

/// Why such an image may not run, as a clause about the image with the way out; nullopt when it
/// may. It is about the name that is left after Mirrored.
std::optional<std::string> WhyNotAllowed(const std::string& image, const ImageRules& rules);

/// The digest that a name ends with, "sha256:" and 64 hex digits; empty when it has none.
std::string_view DigestInName(std::string_view image);

}  // namespace slipway::isolation
