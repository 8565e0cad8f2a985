#include "controllers/common/image_name.hpp"

#include <regex>

namespace slipway {
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

}  // namespace

std::string FullName(std::string_view image) {
  const auto slash = image.find('/');
  const bool named = slash != std::string_view::npos && IsRegistry(image.substr(0, slash));
  std::string registry(named ? image.substr(0, slash) : "docker.io");
  const std::string_view repository = named ? image.substr(slash + 1) : image;
  if (registry == "index.docker.io") registry = "docker.io";
  const bool bare = repository.find('/') == std::string_view::npos;
  registry += registry == "docker.io" && bare ? "/library/" : "/";
  return registry.append(repository);
}

bool IsIn(std::string_view place, std::string_view source) {
  return place.starts_with(source) &&
         (place.size() == source.size() || place[source.size()] == '/');
}

const api::IsolationMirror* FindMirror(std::string_view place,
                                       const std::vector<api::IsolationMirror>& mirrors) {
  const api::IsolationMirror* best = nullptr;
  for (const auto& mirror : mirrors) {
    const bool longer = best == nullptr || mirror.source.size() > best->source.size();
    if (longer && IsIn(place, mirror.source)) best = &mirror;
  }
  return best;
}

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
  const std::string full = FullName(text);
  const auto slash = full.find('/');
  name.registry = full.substr(0, slash);
  name.repository = full.substr(slash + 1);
  if (name.tag.empty() && name.digest.empty()) name.tag = "latest";
  if (!IsValid(name)) return std::nullopt;
  return name;
}

}  // namespace slipway
