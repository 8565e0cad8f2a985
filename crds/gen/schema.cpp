#include "crds/gen/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace slipway::crdgen {
namespace {

constexpr std::array<std::string_view, 26> kKeywords{"additionalProperties",
                                                     "anyOf",
                                                     "default",
                                                     "description",
                                                     "enum",
                                                     "format",
                                                     "items",
                                                     "maxItems",
                                                     "maxLength",
                                                     "maxProperties",
                                                     "maximum",
                                                     "minItems",
                                                     "minLength",
                                                     "minimum",
                                                     "pattern",
                                                     "properties",
                                                     "required",
                                                     "title",
                                                     "type",
                                                     "x-kubernetes-int-or-string",
                                                     "x-kubernetes-list-map-keys",
                                                     "x-kubernetes-list-type",
                                                     "x-kubernetes-map-type",
                                                     "x-kubernetes-validations",
                                                     "nullable",
                                                     "x-kubernetes-preserve-unknown-fields"};

std::string Text(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::vector<std::string> Texts(const Json& object, const char* member) {
  std::vector<std::string> texts;
  const auto found = object.find(member);
  if (found == object.end() || !found->is_array()) return texts;
  for (const Json& item : *found) texts.push_back(item.is_string() ? item.get<std::string>() : "");
  return texts;
}

std::optional<std::int64_t> Number(const Json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_number_integer()) return std::nullopt;
  return found->get<std::int64_t>();
}

std::vector<Rule> Rules(const Json& node) {
  std::vector<Rule> rules;
  for (const Json& rule : node.value("x-kubernetes-validations", Json::array())) {
    const std::string fixed = Text(rule, "message");
    rules.push_back({Text(rule, "rule"), fixed.empty() ? Text(rule, "messageExpression") : fixed});
  }
  return rules;
}

void ReadScalars(const Json& node, Schema& schema) {
  schema.type = Text(node, "type");
  schema.title = Text(node, "title");
  schema.format = Text(node, "format");
  schema.description = Text(node, "description");
  schema.pattern = Text(node, "pattern");
  schema.list_type = Text(node, "x-kubernetes-list-type");
  schema.list_keys = Texts(node, "x-kubernetes-list-map-keys");
  schema.enum_values = Texts(node, "enum");
  schema.required = Texts(node, "required");
  schema.rules = Rules(node);
  schema.minimum = Number(node, "minimum");
  schema.maximum = Number(node, "maximum");
  schema.min_length = Number(node, "minLength");
  schema.max_length = Number(node, "maxLength");
  schema.min_items = Number(node, "minItems");
  schema.max_items = Number(node, "maxItems");
  schema.max_properties = Number(node, "maxProperties");
  schema.int_or_string = node.value("x-kubernetes-int-or-string", false);
  if (node.contains("default")) schema.default_value = node["default"];
}

std::string Join(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + "." + name;
}

Result<Schema> ParseSchema(const Json& node, const std::string& path);

Result<std::shared_ptr<const Schema>> ParseChild(const Json& node, const char* member,
                                                 const std::string& path) {
  if (!node.contains(member)) return nullptr;
  return ParseSchema(node[member], path).map([](Schema child) {
    return std::shared_ptr<const Schema>(std::make_shared<Schema>(std::move(child)));
  });
}

Result<Schema> ParseSchema(const Json& node, const std::string& path) {
  for (const auto& [keyword, value] : node.items()) {
    if (std::ranges::find(kKeywords, keyword) == kKeywords.end()) {
      return Fail(Code::kInvalid, fmt::format("{}: the schema keyword {} is not supported by "
                                              "crdgen; remove it or teach crdgen/schema.cpp",
                                              path, keyword));
    }
  }
  Schema schema;
  schema.path = path;
  ReadScalars(node, schema);
  auto items = ParseChild(node, "items", path + "[]");
  if (!items) return tl::unexpected(items.error());
  auto values = ParseChild(node, "additionalProperties", path + "{}");
  if (!values) return tl::unexpected(values.error());
  schema.items = *items;
  schema.values = *values;
  const Json properties = node.value("properties", Json::object());
  for (const auto& [name, child] : properties.items()) {
    auto parsed = ParseSchema(child, Join(path, name));
    if (!parsed) return parsed;
    schema.properties.push_back({name, std::move(*parsed)});
  }
  return schema;
}

std::vector<Column> Columns(const Json& version) {
  std::vector<Column> columns;
  for (const Json& column : version.value("additionalPrinterColumns", Json::array())) {
    columns.push_back({Text(column, "name"), Text(column, "description"), Text(column, "jsonPath"),
                       column.value("priority", 0) > 0});
  }
  return columns;
}

Result<Crd> ReadCrd(const Json& document, const std::string& file) {
  const Json& spec = document.at("spec");
  if (spec.at("versions").size() != 1) {
    return Fail(Code::kInvalid, "crdgen knows CRDs of one version only");
  }
  const Json& version = spec.at("versions").at(0);
  Crd crd;
  crd.file = file;
  crd.group = spec.at("group");
  crd.scope = spec.at("scope");
  crd.version = version.at("name");
  crd.kind = spec.at("names").at("kind");
  crd.plural = spec.at("names").at("plural");
  crd.short_names = Texts(spec.at("names"), "shortNames");
  crd.categories = Texts(spec.at("names"), "categories");
  crd.columns = Columns(version);
  const Json subresources = version.value("subresources", Json::object());
  crd.has_status = subresources.contains("status");
  crd.scale_path = Text(subresources.value("scale", Json::object()), "specReplicasPath");
  return ParseSchema(version.at("schema").at("openAPIV3Schema"), "").map([&](Schema root) {
    crd.root = std::move(root);
    return crd;
  });
}

}  // namespace

bool Schema::Requires(const std::string& property) const {
  return std::ranges::find(required, property) != required.end();
}

const Schema* Schema::Find(const std::string& property) const {
  const auto found = std::ranges::find(properties, property, &Property::name);
  return found == properties.end() ? nullptr : &found->schema;
}

Result<Crd> ParseCrd(const std::string& text, const std::string& file) {
  auto documents = ParseYaml(text, file);
  if (!documents) return tl::unexpected(documents.error());
  if (documents->size() != 1 || Text((*documents)[0], "kind") != "CustomResourceDefinition") {
    return Fail(Code::kInvalid, file + ": must hold one CustomResourceDefinition and nothing else");
  }
  try {
    auto crd = ReadCrd((*documents)[0], file);
    if (!crd) return Fail(Code::kInvalid, file + ": " + crd.error().message);
    crd->bytes = text.size();
    return crd;
  } catch (const Json::exception& error) {
    return Fail(Code::kInvalid,
                fmt::format("{}: not a CRD of apiextensions.k8s.io/v1: {}", file, error.what()));
  }
}

}  // namespace slipway::crdgen
