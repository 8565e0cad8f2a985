#include "controllers/isolation/images.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "controllers/common/image_name.hpp"
#include "operator/base/digest.hpp"

namespace slipway::isolation {
namespace {

/// Without tag and digest.
std::string_view Repository(std::string_view name) {
  name = name.substr(0, name.find('@'));
  const auto slash = name.rfind('/');
  const auto colon = name.rfind(':');
  const bool tagged =
      colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return tagged ? name.substr(0, colon) : name;
}

}  // namespace

std::string_view DigestInName(std::string_view image) {
  const auto at = image.find('@');  // The first: what stands before it is the name.
  if (at == std::string_view::npos) return {};
  const auto digest = image.substr(at + 1);
  return IsSha256Digest(digest) ? digest : std::string_view();
}

std::string Mirrored(const std::string& image, const ImageRules& rules) {
  const std::string name = FullName(image);
  const auto* mirror = FindMirror(Repository(name), rules.mirrors);
  return mirror == nullptr ? image : mirror->mirror + name.substr(mirror->source.size());
}

std::optional<std::string> WhyNotAllowed(const std::string& image, const ImageRules& rules) {
  const std::string name = FullName(image);
  for (const auto& registries : rules.allowed) {
    const bool under = std::ranges::any_of(
        registries, [&](const std::string& registry) { return IsIn(Repository(name), registry); });
    if (!under) {
      return fmt::format(
          "comes from none of the allowed registries ({}); name one that does, or have "
          "the registry added",
          fmt::join(registries, ", "));
    }
  }
  const bool wanted = rules.require_digest || image.find('@') != std::string::npos;
  if (wanted && DigestInName(image).empty()) {
    return "has no digest of 64 hex digits; name it as NAME@sha256:DIGEST, which `kubectl slipway "
           "images` lists";
  }
  return std::nullopt;
}

}  // namespace slipway::isolation
