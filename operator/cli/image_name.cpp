#include "operator/cli/image_name.hpp"

#include <fmt/format.h>

#include <regex>

namespace slipway::cli {
namespace {

/// Longer ones are refused by registries; the expression below is recursive.
constexpr std::size_t kMaxName = 1024;

/// A first part without any of these is a part of the repository: "library/busybox".
bool IsRegistry(std::string_view part) {
  return part.find_first_of(".:") != std::string_view::npos || part == "localhost";
}

bool IsValid(const ImageName& name) {
  static const std::regex kRegistry(R"([A-Za-z0-9.-]+(:[0-9]+)?|\[[0-9a-fA-F:]+\](:[0-9]+)?)");
  static const std::regex kRepository(
      R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)");
  static const std::regex kTag("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
  static const std::regex kDigest("sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128}");
  return name.repository.size() <= 255 && std::regex_match(name.registry, kRegistry) &&
         std::regex_match(name.repository, kRepository) &&
         (name.tag.empty() || std::regex_match(name.tag, kTag)) &&
         (name.digest.empty() || std::regex_match(name.digest, kDigest));
}

/// Whether `place` is `source` or in it: "docker.io/library" is in "docker.io", not "docker.iox".
bool IsIn(std::string_view place, std::string_view source) {
  return place.starts_with(source) &&
         (place.size() == source.size() || place[source.size()] == '/');
}

}  // namespace

std::string ImageName::Text() const {
  std::string text = Place();
  if (!tag.empty()) text += ":" + tag;
  if (!digest.empty()) text += "@" + digest;
  return text;
}

std::optional<ImageName> ParseImageName(std::string_view text) {
  if (text.size() > kMaxName) return std::nullopt;
  ImageName name;
  if (const auto at = text.find('@'); at != std::string_view::npos) {
    name.digest = text.substr(at + 1);
    if (name.digest.empty()) return std::nullopt;
    text = text.substr(0, at);
  }
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && text.find('/', colon) == std::string_view::npos) {
    name.tag = text.substr(colon + 1);
    if (name.tag.empty()) return std::nullopt;
    text = text.substr(0, colon);
  }
  const auto slash = text.find('/');
  if (slash != std::string_view::npos && IsRegistry(text.substr(0, slash))) {
    name.registry = text.substr(0, slash);
    text = text.substr(slash + 1);
  } else {
    name.registry = "docker.io";
  }
  if (name.registry == "index.docker.io") name.registry = "docker.io";
  name.repository = text;
  const bool bare = name.repository.find('/') == std::string::npos;
  if (name.registry == "docker.io" && bare) name.repository = "library/" + name.repository;
  if (name.tag.empty() && name.digest.empty()) name.tag = "latest";
  if (!IsValid(name)) return std::nullopt;
  return name;
}

Result<Mirror> ParseMirror(std::string_view text) {
  const auto equals = text.find('=');
  Mirror mirror;
  if (equals != std::string_view::npos) {
    mirror = {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  }
  static const std::regex kPlace(R"([A-Za-z0-9]([A-Za-z0-9._/:-]*[A-Za-z0-9])?)");
  const bool fits = text.size() <= kMaxName && std::regex_match(mirror.source, kPlace) &&
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
  const Mirror* best = nullptr;
  for (const Mirror& mirror : mirrors) {
    const bool longer = best == nullptr || mirror.source.size() > best->source.size();
    if (longer && IsIn(image.Place(), mirror.source)) best = &mirror;
  }
  if (best == nullptr) return std::nullopt;
  return best->mirror + image.Text().substr(best->source.size());
}

}  // namespace slipway::cli
