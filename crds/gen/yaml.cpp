#include "crds/gen/yaml.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

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

/// The words of YAML 1.1 for the two truth values, as far as kubectl's library knows them.
constexpr std::array<std::string_view, 9> kTrue{"true", "True", "TRUE", "yes", "Yes",
                                                "YES",  "on",   "On",   "ON"};
constexpr std::array<std::string_view, 9> kFalse{"false", "False", "FALSE", "no", "No",
                                                 "NO",    "off",   "Off",   "OFF"};
constexpr std::array<std::string_view, 5> kNull{"", "~", "null", "Null", "NULL"};

Json PlainScalar(const std::string& text) {
  if (std::ranges::find(kNull, text) != kNull.end()) return nullptr;
  if (std::ranges::find(kTrue, text) != kTrue.end()) return true;
  if (std::ranges::find(kFalse, text) != kFalse.end()) return false;
  if (auto integer = ParseNumber<std::int64_t>(text)) return *integer;
  // from_chars also reads "nan" and "inf", which are texts in YAML.
  const bool digits = text.find_first_of("0123456789") != std::string::npos;
  if (auto real = ParseNumber<double>(text); real && digits) return *real;
  return text;
}

/// An alias stands for all that its anchor holds, also for itself; both bounds are far beyond what
/// an API server takes.
class Unfolding {
 public:
  Json ToJson(const YAML::Node& node) {
    constexpr std::size_t kMostValues = 200'000;
    constexpr std::size_t kDeepest = 200;
    if (++values_ > kMostValues || depth_ == kDeepest) {
      throw YAML::ParserException(node.Mark(), "it unfolds to too many values");
    }
    ++depth_;
    Json json = Unfold(node);
    --depth_;
    return json;
  }

 private:
  Json Unfold(const YAML::Node& node) {
    if (node.IsScalar()) {
      return node.Tag() == kQuoted ? Json(node.Scalar()) : PlainScalar(node.Scalar());
    }
    if (node.IsSequence()) {
      Json list = Json::array();
      for (const auto& item : node) list.push_back(ToJson(item));
      return list;
    }
    return node.IsMap() ? UnfoldMap(node) : Json();
  }

  Json UnfoldMap(const YAML::Node& node) {
    Json object = Json::object();
    for (const auto& member : node) {
      if (!member.first.IsScalar()) {
        throw YAML::ParserException(member.first.Mark(), "a key must be a text");
      }
      const std::string& key = member.first.Scalar();
      if (object.contains(key)) {
        throw YAML::ParserException(member.first.Mark(),
                                    fmt::format("the key {:.80} is there twice", key));
      }
      object[key] = ToJson(member.second);
    }
    return object;
  }

  std::size_t values_ = 0;
  std::size_t depth_ = 0;
};

/// A text that starts with a letter or slash and is no word is itself in every version of YAML; of
/// the rest of its characters the emitter knows.
bool NeedsQuotes(const std::string& text) {
  const bool plain =
      !text.empty() && text.find_first_of("\n\t") == std::string::npos &&
      (std::isalpha(static_cast<unsigned char>(text.front())) != 0 || text.front() == '/');
  return !plain || text == "y" || text == "Y" || text == "n" || text == "N" ||
         !PlainScalar(text).is_string();
}

void Emit(YAML::Emitter& out, const Json& value) {
  if (value.is_object()) {
    if (value.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [name, member] : value.items()) {
      if (NeedsQuotes(name)) out << YAML::DoubleQuoted;
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
  } else if (value.is_null()) {
    out << YAML::Null;
  } else {
    out << value.dump();
  }
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
      if (!document.IsNull()) documents.push_back(Unfolding().ToJson(document));
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

std::string DumpYaml(const Json& value) {
  YAML::Emitter out;
  Emit(out, value);
  return std::string(out.c_str()) + "\n";
}

}  // namespace slipway::crdgen
