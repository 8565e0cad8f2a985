#include "crds/gen/check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>
#include <optional>
#include <regex>
#include <set>
#include <string_view>

namespace slipway::crdgen {
namespace {

/// The number of edits that make one text of the other.
std::size_t Distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 0; i < from.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < to.size(); ++j) {
      const auto equal = std::tolower(static_cast<unsigned char>(from[i])) ==
                         std::tolower(static_cast<unsigned char>(to[j]));
      const std::size_t cost = equal ? diagonal : std::min({diagonal, row[j], row[j + 1]}) + 1;
      diagonal = std::exchange(row[j + 1], cost);
    }
  }
  return row.back();
}

/// "did you mean size?", or what there is to choose from when nothing is near.
std::string Suggest(std::string_view wrong, const std::vector<std::string>& known) {
  constexpr std::size_t kLongest = 64;
  constexpr std::size_t kMostListed = 12;
  const std::string* nearest = nullptr;
  std::size_t least = std::min<std::size_t>(2, wrong.size() / 2) + 1;
  for (const std::string& name : known) {
    if (wrong.size() > kLongest) break;
    const std::size_t distance = Distance(wrong, name);
    if (distance < least) least = distance, nearest = &name;
  }
  if (nearest != nullptr) return fmt::format("did you mean {}?", *nearest);
  return known.empty() || known.size() > kMostListed
             ? ""
             : fmt::format("there are {}", fmt::join(known, ", "));
}

/// Characters, as the API server counts them.
std::int64_t CountCharacters(std::string_view text) {
  return std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
}

/// A manifest may hold any bytes; what is no UTF-8 is shown as U+FFFD.
std::string Dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Cut(const Json& value) {
  const std::string text = Dump(value);
  constexpr std::size_t kLongest = 80;
  if (CountCharacters(text) <= static_cast<std::int64_t>(kLongest)) return text;
  std::size_t end = kLongest;
  while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "...";
}

class Checker {
 public:
  void Check(const Schema& schema, const Json& value, const std::string& path) {
    if (!HasType(schema, value)) return AddType(schema, value, path);
    if (value.is_string()) CheckText(schema, value, path);
    if (value.is_number_integer()) CheckNumber(schema, value, path);
    if (value.is_array()) CheckList(schema, value, path);
    if (value.is_object()) CheckObject(schema, value, path);
  }

  std::vector<Violation> Violations() && { return std::move(violations_); }

 private:
  void Add(const std::string& path, const Json& value, std::string rule, std::string out = "") {
    violations_.push_back({path, Cut(value), std::move(rule), std::move(out)});
  }

  static bool HasType(const Schema& schema, const Json& value) {
    if (schema.int_or_string) return value.is_number_integer() || value.is_string();
    if (schema.type == "integer") return value.is_number_integer();
    if (schema.type == "boolean") return value.is_boolean();
    if (schema.type == "string") return value.is_string();
    return schema.type == "array" ? value.is_array() : value.is_object();
  }

  void AddType(const Schema& schema, const Json& value, const std::string& path) {
    const std::string wanted = schema.int_or_string ? "integer or text" : schema.type;
    const bool text = schema.int_or_string || schema.type == "string";
    std::string out;
    if (text && value.is_primitive() && !value.is_null()) out = "write it in quotes";
    if (!text && value.is_string()) out = "write it without quotes";
    const bool list = schema.type == "array" || schema.type == "object";
    Add(path, value, "must be " + wanted, list ? "" : out);
  }

  void CheckText(const Schema& schema, const Json& value, const std::string& path) {
    const std::string text = value;
    const auto length = CountCharacters(text);
    if (length < schema.min_length.value_or(0)) Add(path, value, "is too short");
    // The pattern is for texts of the allowed length only: std::regex recurses over the text.
    if (schema.max_length && length > *schema.max_length) {
      return Add(path, value, "is too long",
                 fmt::format("at most {} characters", *schema.max_length));
    }
    if (!schema.pattern.empty() && !std::regex_search(text, std::regex(schema.pattern))) {
      Add(path, value, "must match " + schema.pattern);
    }
    const auto& known = schema.enum_values;
    if (!known.empty() && std::ranges::find(known, text) == known.end()) {
      Add(path, value, fmt::format("must be one of {}", fmt::join(known, ", ")));
    }
  }

  void CheckNumber(const Schema& schema, const Json& value, const std::string& path) {
    const std::int64_t number = value;
    const bool beyond = value.is_number_unsigned() && number < 0;  // More than 63 bits.
    if (!beyond && schema.minimum && number < *schema.minimum) {
      Add(path, value, fmt::format("must be at least {}", *schema.minimum));
    }
    if (schema.maximum && (beyond || number > *schema.maximum)) {
      Add(path, value, fmt::format("must be at most {}", *schema.maximum));
    }
  }

  void CheckList(const Schema& schema, const Json& list, const std::string& path) {
    const auto size = static_cast<std::int64_t>(list.size());
    if (size < schema.min_items.value_or(0)) Add(path, list, "has too few entries");
    if (schema.max_items && size > *schema.max_items) {
      return Add(path, list, "has too many entries", fmt::format("at most {}", *schema.max_items));
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string item_path = fmt::format("{}[{}]", path, i);
      Check(*schema.items, list[i], item_path);
      if (schema.list_type == "atomic") continue;
      if (!seen.insert(Key(schema, list[i])).second) Add(item_path, list[i], "is a duplicate");
    }
  }

  static std::string Key(const Schema& list, const Json& item) {
    if (list.list_type == "set") return Dump(item);
    std::string key;
    for (const std::string& name : list.list_keys) {
      if (item.is_object() && item.contains(name)) key += Dump(item[name]) + "/";
    }
    return key;
  }

  static std::vector<std::string> Names(const Schema& schema) {
    std::vector<std::string> names;
    for (const Property& property : schema.properties) names.push_back(property.name);
    return names;
  }

  void CheckObject(const Schema& schema, const Json& object, const std::string& path) {
    if (schema.max_properties &&
        static_cast<std::int64_t>(object.size()) > *schema.max_properties) {
      Add(path, object, "has too many entries", fmt::format("at most {}", *schema.max_properties));
    }
    for (const std::string& name : schema.required) {
      const Schema* property = schema.Find(name);
      const bool defaulted = property != nullptr && property->default_value;
      // The object is not shown: it may hold what is nobody's business.
      if (!object.contains(name) && !defaulted) {
        violations_.push_back({path, "", "needs the field " + name, ""});
      }
    }
    for (const auto& [name, value] : object.items()) {
      const Schema* property = schema.values ? schema.values.get() : schema.Find(name);
      const std::string member = path.empty() ? name : path + "." + name;
      // These belong to every object, whether a schema names them or not.
      if (path.empty() && (name == "apiVersion" || name == "kind" || name == "metadata")) continue;
      if (property == nullptr) {
        Add(member, value, "is not a field of this kind", Suggest(name, Names(schema)));
      } else {
        Check(*property, value, member);
      }
    }
  }

  std::vector<Violation> violations_;
};

}  // namespace

std::string Violation::Text() const {
  std::string text = path.empty() ? "the object" : path;
  if (!value.empty()) text += " = " + value;
  text += (value.empty() ? " " : ": ") + rule;
  return way_out.empty() ? text : text + "; " + way_out;
}

std::vector<Violation> CheckAgainst(const Schema& schema, const Json& value,
                                    const std::string& path) {
  Checker checker;
  checker.Check(schema, value, path);
  return std::move(checker).Violations();
}

const Crd* FindCrd(const std::vector<Crd>& crds, const Json& manifest) {
  const auto is = [&](const char* member, const std::string& text) {
    return manifest.contains(member) && manifest[member] == text;
  };
  const auto found = std::ranges::find_if(crds, [&](const Crd& crd) {
    return manifest.is_object() && is("kind", crd.kind) &&
           is("apiVersion", crd.group + "/" + crd.version);
  });
  return found == crds.end() ? nullptr : &*found;
}

}  // namespace slipway::crdgen
