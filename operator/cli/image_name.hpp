#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/common/image_name.hpp"
#include "operator/base/result.hpp"

namespace slipway::cli {

/// Where the images of a registry, or of a part of it, are copied to.
using Mirror = api::IsolationMirror;

/// "docker.io=registry.corp/hub". The error says how it must look.
Result<Mirror> ParseMirror(std::string_view text);

/// The name that an image has in the mirror of the longest source that it is in; nullopt when it is
/// in none of them.
std::optional<std::string> NameInMirror(const ImageName& image, const std::vector<Mirror>& mirrors);

}  // namespace slipway::cli
