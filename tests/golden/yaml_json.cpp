#include "tests/golden/yaml_json.hpp"

#include <yaml-cpp/yaml.h>

namespace slipway::golden {
namespace {

using nlohmann::json;

json ScalarToJson(const YAML::Node& node) {
  const bool quoted = node.Tag() == "!";
  if (!quoted) {
    const json value = json::parse(node.Scalar(), nullptr, false);
    if (value.is_number() || value.is_boolean() || value.is_null()) return value;
  }
  return node.Scalar();
}

json NodeToJson(const YAML::Node& node) {
  if (node.IsMap()) {
    json object = json::object();
    for (const auto& member : node) object[member.first.Scalar()] = NodeToJson(member.second);
    return object;
  }
  if (node.IsSequence()) {
    json array = json::array();
    for (const auto& item : node) array.push_back(NodeToJson(item));
    return array;
  }
  return node.IsNull() ? json() : ScalarToJson(node);
}

bool NeedsQuotes(const std::string& text) {
  const bool other_type = text == "True" || text == "False" || text.empty() ||
                          !json::parse(text, nullptr, false).is_discarded();
  return other_type || text.find_first_of("\n\t") != std::string::npos;
}

void Emit(YAML::Emitter& out, const nlohmann::ordered_json& value) {
  if (value.is_object()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [name, member] : value.items()) {
      out << YAML::Key << name << YAML::Value;
      Emit(out, member);
    }
    out << YAML::EndMap;
  } else if (value.is_array()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& item : value) Emit(out, item);
    out << YAML::EndSeq;
  } else if (value.is_string()) {
    const auto text = value.get<std::string>();
    if (NeedsQuotes(text)) out << YAML::DoubleQuoted;
    out << text;
  } else {
    out << value.dump();
  }
}

}  // namespace

std::vector<json> LoadYaml(const std::filesystem::path& file) {
  std::vector<json> documents;
  for (const auto& document : YAML::LoadAllFromFile(file.string())) {
    if (!document.IsNull()) documents.push_back(NodeToJson(document));
  }
  return documents;
}

std::string ToYaml(const nlohmann::ordered_json& value) {
  YAML::Emitter out;
  Emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace slipway::golden
