#include "operator/run/covers.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace slipway {
namespace {

using nlohmann::json;

/// Whether the API server replaces the member as a whole (x-kubernetes-map-type: atomic): one more
/// label in a selector makes it select something else.
bool IsAtomic(const std::string& member) {
  return member == "selector" || member == "matchLabels" || member == "nodeSelector";
}

/// The member by which every element of the list can be told apart, if there is one.
std::optional<std::string> MergeKey(const json& list) {
  // Not "key" and "type": tolerations, items of a volume and metrics are atomic lists.
  static constexpr std::array kKeys = {"name", "port", "containerPort", "mountPath", "ip", "uid"};
  for (const char* key : kKeys) {
    const bool everywhere = std::all_of(list.begin(), list.end(), [key](const json& item) {
      return item.is_object() && item.contains(key);
    });
    if (everywhere) return key;
  }
  return std::nullopt;
}

bool ListCovers(const json& live, const json& wanted) {
  const auto key = wanted.empty() ? std::nullopt : MergeKey(wanted);
  if (!key) {
    return live.size() == wanted.size() &&
           std::equal(live.begin(), live.end(), wanted.begin(), Covers);
  }
  return std::all_of(wanted.begin(), wanted.end(), [&](const json& item) {
    return std::any_of(live.begin(), live.end(), [&](const json& candidate) {
      return candidate.is_object() && candidate.contains(*key) &&
             candidate.at(*key) == item.at(*key) && Covers(candidate, item);
    });
  });
}

}  // namespace

bool Covers(const json& live, const json& wanted) {
  if (wanted.is_object()) {
    if (!live.is_object()) return false;
    return std::all_of(wanted.items().begin(), wanted.items().end(), [&](const auto& member) {
      if (!live.contains(member.key())) return false;
      const json& there = live.at(member.key());
      return IsAtomic(member.key()) ? there == member.value() : Covers(there, member.value());
    });
  }
  if (wanted.is_array()) return live.is_array() && ListCovers(live, wanted);
  return live == wanted;
}

}  // namespace slipway
