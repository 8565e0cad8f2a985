#include "crds/gen/samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <set>

namespace slipway::crdgen {
namespace {

class Checker {
 public:
  void Check(const Schema& schema, const Json& value, const std::string& path) {
    if (!HasType(schema, value)) {
      return Add(path, value,
                 "must be " + (schema.int_or_string ? "integer or text" : schema.type));
    }
    if (value.is_string()) CheckText(schema, value, path);
    if (value.is_number_integer()) CheckNumber(schema, value, path);
    if (value.is_array()) CheckList(schema, value, path);
    if (value.is_object()) CheckObject(schema, value, path);
  }

  std::vector<std::string> Problems() && { return std::move(problems_); }

 private:
  void Add(const std::string& path, const Json& value, const std::string& rule) {
    problems_.push_back(fmt::format("{} = {:.80}: {}", path, value.dump(), rule));
  }

  static bool HasType(const Schema& schema, const Json& value) {
    if (schema.int_or_string) return value.is_number_integer() || value.is_string();
    if (schema.type == "integer") return value.is_number_integer();
    if (schema.type == "boolean") return value.is_boolean();
    if (schema.type == "string") return value.is_string();
    return schema.type == "array" ? value.is_array() : value.is_object();
  }

  void CheckText(const Schema& schema, const Json& value, const std::string& path) {
    const std::string text = value;
    const auto length = static_cast<std::int64_t>(text.size());
    if (length < schema.min_length.value_or(0)) Add(path, value, "is too short");
    if (schema.max_length && length > *schema.max_length) Add(path, value, "is too long");
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
    if (schema.minimum && number < *schema.minimum) {
      Add(path, value, fmt::format("must be at least {}", *schema.minimum));
    }
    if (schema.maximum && number > *schema.maximum) {
      Add(path, value, fmt::format("must be at most {}", *schema.maximum));
    }
  }

  void CheckList(const Schema& schema, const Json& list, const std::string& path) {
    const auto size = static_cast<std::int64_t>(list.size());
    if (size < schema.min_items.value_or(0)) Add(path, list, "has too few entries");
    if (schema.max_items && size > *schema.max_items) Add(path, list, "has too many entries");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const std::string item_path = fmt::format("{}[{}]", path, i);
      Check(*schema.items, list[i], item_path);
      if (schema.list_type == "atomic") continue;
      if (!seen.insert(Key(schema, list[i])).second) Add(item_path, list[i], "is a duplicate");
    }
  }

  static std::string Key(const Schema& list, const Json& item) {
    if (list.list_type == "set") return item.dump();
    std::string key;
    for (const std::string& name : list.list_keys) {
      if (item.contains(name)) key += item[name].dump() + "/";
    }
    return key;
  }

  void CheckObject(const Schema& schema, const Json& object, const std::string& path) {
    for (const std::string& name : schema.required) {
      const Schema* property = schema.Find(name);
      const bool defaulted = property != nullptr && property->default_value;
      if (!object.contains(name) && !defaulted) Add(path, object, "needs the field " + name);
    }
    for (const auto& [name, value] : object.items()) {
      const Schema* property = schema.values ? schema.values.get() : schema.Find(name);
      const std::string member = path.empty() ? name : path + "." + name;
      // These belong to every object, whether a schema names them or not.
      if (path.empty() && (name == "apiVersion" || name == "kind" || name == "metadata")) continue;
      if (property == nullptr) {
        Add(member, value, "is not a field of this kind");
      } else {
        Check(*property, value, member);
      }
    }
  }

  std::vector<std::string> problems_;
};

const Crd* FindCrd(const std::vector<Crd>& crds, const Json& manifest) {
  const auto found = std::ranges::find_if(crds, [&](const Crd& crd) {
    return manifest.is_object() && manifest.value("kind", "") == crd.kind &&
           manifest.value("apiVersion", "") == crd.group + "/" + crd.version;
  });
  return found == crds.end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> CheckValue(const Schema& schema, const Json& value,
                                    const std::string& path) {
  Checker checker;
  checker.Check(schema, value, path);
  return std::move(checker).Problems();
}

std::vector<std::string> CheckManifest(const std::vector<Crd>& crds, const std::string& path) {
  const auto documents = LoadYaml(path);
  if (!documents) return {documents.error().message};
  if (documents->empty()) return {path + ": holds no object"};
  std::vector<std::string> problems;
  for (const Json& document : *documents) {
    const Crd* crd = FindCrd(crds, document);
    if (crd == nullptr) {
      problems.push_back(path + ": apiVersion and kind are of none of the CRDs");
      continue;
    }
    for (const std::string& problem : CheckValue(crd->root, document, "")) {
      problems.push_back(path + ": " + problem);
    }
  }
  return problems;
}

}  // namespace slipway::crdgen
