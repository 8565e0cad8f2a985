#include "crds/gen/model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crds/gen/names.hpp"

namespace slipway::crdgen {
namespace {

/// Title of an object that is not decoded but kept as it is.
constexpr std::string_view kRawJson = "RawJson";

constexpr const char* kSharedDoc = "Used by several fields, each of which says what it means.";

class Builder {
 public:
  Result<Model> Build(const std::vector<Crd>& crds) {
    for (const Crd& crd : crds) {
      if (auto added = AddKind(crd); !added) {
        return Fail(Code::kInvalid, crd.file + ": " + added.error().message);
      }
    }
    return std::move(model_);
  }

 private:
  Result<void> AddKind(const Crd& crd) {
    for (const char* part : {"spec", "status"}) {
      const Schema* schema = crd.root.Find(part);
      if (schema == nullptr) continue;
      auto name = StructType(*schema, PascalCase(part), crd.kind);
      if (!name) return tl::unexpected(name.error());
      if (*name != crd.kind + PascalCase(part)) {
        return Fail(Code::kInvalid,
                    fmt::format("{}: needs the title {}{}", part, crd.kind, PascalCase(part)));
      }
    }
    model_.kinds.push_back({crd.kind, crd.group, crd.version, crd.plural, crd.root.description,
                            crd.root.Find("status") != nullptr});
    return {};
  }

  /// The C++ type of a value, without std::optional around it.
  Result<std::string> TypeOf(const Schema& schema, const std::string& hint,
                             const std::string& parent) {
    if (schema.int_or_string) return "std::string";
    if (schema.title == kRawJson) return std::string(kRawJson);
    if (schema.type == "boolean") return "bool";
    if (schema.type == "integer") {
      return schema.format == "int64" ? "std::int64_t" : "std::int32_t";
    }
    if (schema.type == "string") {
      if (!schema.enum_values.empty()) return EnumType(schema, hint, parent);
      return schema.format == "date-time" ? "Instant" : "std::string";
    }
    if (schema.type == "array" && schema.items) {
      return TypeOf(*schema.items, Singular(hint), parent).map([](const std::string& item) {
        return "std::vector<" + item + ">";
      });
    }
    if (schema.type == "object" && schema.values) {
      return TypeOf(*schema.values, Singular(hint), parent).map([](const std::string& value) {
        return "std::map<std::string, " + value + ">";
      });
    }
    if (schema.type == "object") return StructType(schema, hint, parent);
    return Fail(Code::kInvalid,
                fmt::format("{}: no C++ type for the schema type '{}'", schema.path, schema.type));
  }

  Result<Field> MakeField(const std::string& json_name, const Schema& schema, const Schema& parent,
                          const std::string& parent_name) {
    auto type = TypeOf(schema, PascalCase(json_name), parent_name);
    if (!type) return tl::unexpected(type.error());
    const bool container = schema.type == "array" || schema.values;
    Field field;
    field.json_name = json_name;
    field.name = MemberName(json_name);
    field.doc = FirstSentence(schema.description);
    field.required = parent.Requires(json_name) || schema.default_value.has_value();
    field.always_written = json_name == "conditions" || (field.required && !container);
    field.type = field.required || container ? *type : "std::optional<" + *type + ">";
    return field;
  }

  Result<std::string> StructType(const Schema& schema, const std::string& hint,
                                 const std::string& parent) {
    Struct made;
    made.doc = schema.description;
    const std::string own_name = schema.title.empty() ? hint : schema.title;
    for (const auto& [name, property] : schema.properties) {
      auto field = MakeField(name, property, schema, own_name);
      if (!field) return tl::unexpected(field.error());
      made.fields.push_back(std::move(*field));
    }
    const auto same = [](const Struct& a, const Struct& b) { return SameShape(a, b); };
    return Register(model_.structs, std::move(made), schema, own_name, parent, same);
  }

  Result<std::string> EnumType(const Schema& schema, const std::string& hint,
                               const std::string& parent) {
    Enum made{"", schema.description, schema.enum_values};
    std::erase(made.values, "Unknown");
    const std::string own_name = schema.title.empty() ? hint : schema.title;
    const auto same = [](const Enum& a, const Enum& b) { return a.values == b.values; };
    return Register(model_.enums, std::move(made), schema, own_name, parent, same);
  }

  // Descriptions may differ between two uses of one type, everything else may not.
  static bool SameShape(const Struct& a, const Struct& b) {
    return std::ranges::equal(a.fields, b.fields, [](Field x, Field y) {
      x.doc.clear();
      y.doc.clear();
      return x == y;
    });
  }

  template <class Type, class Same>
  static Result<std::string> Register(std::vector<Type>& known, Type made, const Schema& schema,
                                      const std::string& own_name, const std::string& parent,
                                      const Same& same) {
    for (const std::string& name : {own_name, parent + own_name}) {
      const auto other = std::ranges::find(known, name, &Type::name);
      if (other != known.end() && same(*other, made)) {
        if (other->doc != made.doc) other->doc = kSharedDoc;
        return name;
      }
      if (other == known.end()) {
        made.name = name;
        known.push_back(std::move(made));
        return name;
      }
      if (!schema.title.empty()) break;
    }
    return Fail(Code::kInvalid, fmt::format("{}: the type name {} is taken by a schema of other "
                                            "members; give one of them another title",
                                            schema.path, own_name));
  }

  Model model_;
};

}  // namespace

Result<Model> BuildModel(const std::vector<Crd>& crds) { return Builder().Build(crds); }

}  // namespace slipway::crdgen
