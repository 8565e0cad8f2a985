#include "operator/cli/image_name.hpp"

#include <fmt/format.h>

#include <regex>

namespace slipway::cli {

Result<Mirror> ParseMirror(std::string_view text) {
  constexpr std::size_t kMaxMirror = 1024;  // The expression below is recursive.
  const auto equals = text.find('=');
  Mirror mirror;
  if (equals != std::string_view::npos) {
    mirror = {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  }
  static const std::regex kPlace(R"([A-Za-z0-9]([A-Za-z0-9._/:-]*[A-Za-z0-9])?)");
  const bool fits = text.size() <= kMaxMirror && std::regex_match(mirror.source, kPlace) &&
                    std::regex_match(mirror.mirror, kPlace);
  if (!fits) {
    return Fail(Code::kInvalid,
                fmt::format("--mirror {:.100}: must be SOURCE=MIRROR, a registry or a part of one "
                            "and where its images are, such as docker.io=registry.corp/hub",
                            text));
  }
  return mirror;
}

std::optional<std::string> NameInMirror(const ImageName& image,
                                        const std::vector<Mirror>& mirrors) {
  const Mirror* mirror = FindMirror(image.Place(), mirrors);
  if (mirror == nullptr) return std::nullopt;
  return mirror->mirror + image.Text().substr(mirror->source.size());
}

}  // namespace slipway::cli
