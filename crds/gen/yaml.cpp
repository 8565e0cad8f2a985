#include "crds/gen/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>

namespace slipway::crdgen {
namespace {

// yaml-cpp tags a quoted scalar "!" and leaves a plain one "?".
constexpr std::string_view kQuoted = "!";

template <class Number>
std::optional<Number> ParseNumber(const std::string& text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return value;
}

Json PlainScalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null") return nullptr;
  if (text == "true") return true;
  if (text == "false") return false;
  if (auto integer = ParseNumber<std::int64_t>(text)) return *integer;
  // from_chars also reads "nan" and "inf", which are texts in YAML.
  const bool digits = text.find_first_of("0123456789") != std::string::npos;
  if (auto real = ParseNumber<double>(text); real && digits) return *real;
  return text;
}

Json ToJson(const YAML::Node& node) {
  if (node.IsScalar()) {
    return node.Tag() == kQuoted ? Json(node.Scalar()) : PlainScalar(node.Scalar());
  }
  if (node.IsSequence()) {
    Json list = Json::array();
    for (const auto& item : node) list.push_back(ToJson(item));
    return list;
  }
  if (node.IsMap()) {
    Json object = Json::object();
    for (const auto& member : node) object[member.first.Scalar()] = ToJson(member.second);
    return object;
  }
  return nullptr;
}

}  // namespace

Result<std::string> ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(Code::kNotFound, fmt::format("{}: cannot be read", path.string()));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Result<std::vector<Json>> ParseYaml(const std::string& text, const std::string& origin) {
  try {
    std::vector<Json> documents;
    for (const YAML::Node& document : YAML::LoadAll(text)) {
      if (!document.IsNull()) documents.push_back(ToJson(document));
    }
    return documents;
  } catch (const YAML::Exception& error) {
    return Fail(Code::kInvalid,
                fmt::format("{}:{}: not YAML: {}", origin, error.mark.line + 1, error.msg));
  }
}

Result<std::vector<Json>> LoadYaml(const std::filesystem::path& path) {
  return ReadFile(path).and_then(
      [&](const std::string& text) { return ParseYaml(text, path.filename().string()); });
}

}  // namespace slipway::crdgen
