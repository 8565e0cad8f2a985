#include "operator/cli/look.hpp"

namespace slipway::cli {

using nlohmann::json;

namespace {

const json kNull;

}  // namespace

const json& At(const json& object, Path path) {
  const json* value = &object;
  for (const std::string_view name : path) {
    if (!value->is_object()) return kNull;
    const auto found = value->find(name);
    if (found == value->end()) return kNull;
    value = &*found;
  }
  return *value;
}

std::string Text(const json& object, Path path) {
  const json& value = At(object, path);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::int64_t Number(const json& object, Path path) {
  const json& value = At(object, path);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

bool Flag(const json& object, Path path) {
  const json& value = At(object, path);
  return value.is_boolean() && value.get<bool>();
}

std::optional<Instant> Time(const json& object, Path path) { return ParseTime(Text(object, path)); }

const std::vector<json>& List(const json& object, Path path) {
  static const std::vector<json> kEmpty;
  const json& value = At(object, path);
  return value.is_array() ? value.get_ref<const json::array_t&>() : kEmpty;
}

std::vector<std::string> Names(const json& object, Path path) {
  std::vector<std::string> names;
  const json& value = At(object, path);
  if (!value.is_object()) return names;
  for (const auto& [name, member] : value.items()) names.push_back(name);
  return names;
}

std::string Plain(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string Name(const json& object) { return Text(object, {"metadata", "name"}); }

std::string Label(const json& object, std::string_view label) {
  return Text(object, {"metadata", "labels", label});
}

const json& Condition(const json& object, std::string_view type) {
  for (const json& condition : List(object, {"status", "conditions"})) {
    if (Text(condition, {"type"}) == type) return condition;
  }
  return kNull;
}

bool Holds(const json& object, std::string_view type) {
  return Text(Condition(object, type), {"status"}) == "True";
}

}  // namespace slipway::cli
