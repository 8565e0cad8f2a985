#include "crds/gen/lint.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace slipway::crdgen {
namespace {

// Client-side `kubectl apply` keeps the object as JSON in an annotation, of which there may be
// 256 KiB. As YAML, with its indentation, it is nearly twice as long.
constexpr std::size_t kMaxBytes = 200'000;

using Findings = std::vector<Finding>;

void Add(Findings& findings, std::string_view rule, const Schema& schema, std::string message) {
  findings.push_back({std::string(rule), schema.path, std::move(message)});
}

bool InSpec(const Schema& schema) { return schema.path.starts_with("spec."); }

/// The last part of the path, e.g. "name" of "spec.trainer.env[].name".
std::string LastName(const Schema& schema) {
  const auto dot = schema.path.rfind('.');
  return dot == std::string::npos ? schema.path : schema.path.substr(dot + 1);
}

void NoFloats(const Schema& schema, Findings& findings) {
  if (schema.type != "number") return;
  Add(findings, "no-floats", schema,
      "floating point does not survive every client; use a string with a decimal pattern");
}

void IntegerFormat(const Schema& schema, Findings& findings) {
  if (schema.type != "integer" || schema.format == "int32" || schema.format == "int64") return;
  Add(findings, "integer-format", schema,
      "give it format int32 or int64; unsigned ones are not "
      "portable, use minimum: 0");
}

void Bounds(const Schema& schema, Findings& findings) {
  if (schema.type != "integer" || !InSpec(schema) || (schema.minimum && schema.maximum)) return;
  Add(findings, "bounds", schema, "give it minimum and maximum");
}

void MaxLength(const Schema& schema, Findings& findings) {
  const bool text = schema.type == "string" || schema.int_or_string;
  if (!text || schema.max_length || !schema.enum_values.empty()) return;
  Add(findings, "max-length", schema, "give it maxLength, without which CEL rules cost too much");
}

void MaxItems(const Schema& schema, Findings& findings) {
  if (schema.type == "array" && !schema.max_items) {
    Add(findings, "max-items", schema, "give it maxItems, without which CEL rules cost too much");
  }
  if (schema.values && !schema.max_properties) {
    Add(findings, "max-items", schema, "give it maxProperties");
  }
}

void ListType(const Schema& schema, Findings& findings) {
  if (schema.type != "array") return;
  if (schema.list_type.empty()) {
    return Add(findings, "list-type", schema,
               "give it x-kubernetes-list-type map, set or atomic, so that apply can merge it");
  }
  if (schema.list_type == "map" && schema.list_keys.empty()) {
    Add(findings, "list-type", schema, "give it x-kubernetes-list-map-keys");
  }
}

void Described(const Schema& schema, Findings& findings) {
  // The API server forbids to say anything about metadata.
  if (schema.path == "metadata") return;
  const std::string& text = schema.description;
  if (text.empty()) {
    return Add(findings, "described", schema, "describe it; `kubectl explain` shows the text");
  }
  if (!std::isupper(static_cast<unsigned char>(text[0])) && !std::isdigit(text[0])) {
    Add(findings, "described", schema, "begin the description with a capital letter");
  }
  if (!text.ends_with('.')) Add(findings, "described", schema, "end the description with a period");
}

void EnumCamelCase(const Schema& schema, Findings& findings) {
  for (const std::string& value : schema.enum_values) {
    const bool capital = !value.empty() && std::isupper(static_cast<unsigned char>(value[0])) != 0;
    const bool plain = std::ranges::all_of(
        value, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
    if (capital && plain) continue;
    Add(findings, "enum-camel-case", schema, fmt::format("write '{}' in CamelCase", value));
  }
}

void PropertyNames(const Schema& schema, Findings& findings) {
  for (const auto& [name, property] : schema.properties) {
    const bool camel = std::islower(static_cast<unsigned char>(name[0])) != 0 &&
                       std::ranges::all_of(name, [](char c) {
                         return std::isalnum(static_cast<unsigned char>(c)) != 0;
                       });
    if (!camel) Add(findings, "property-name", property, "write the name in lowerCamelCase");
  }
}

void Units(const Schema& schema, Findings& findings) {
  constexpr std::array<std::string_view, 10> kNeedUnit{"timeout", "interval", "duration", "period",
                                                       "delay",   "backoff",  "deadline", "ttl",
                                                       "age",     "cooldown"};
  if (schema.type != "integer") return;
  std::string name = LastName(schema);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  for (std::string_view word : kNeedUnit) {
    if (!name.ends_with(word) || name.ends_with("percentage")) continue;
    Add(findings, "units", schema,
        "put the unit into the name, e.g. " + LastName(schema) + "Seconds");
  }
}

void NoNamespaceReference(const Schema& schema, Findings& findings) {
  if (schema.path.starts_with("status")) return;  // What the operator tells is nobody's wish.
  const std::string name = LastName(schema);
  if (name != "namespace" && !name.ends_with("Namespace")) return;
  Add(findings, "no-namespace-reference", schema,
      "a reference into another namespace lets its author use rights of others; remove it");
}

void RuleMessage(const Schema& schema, Findings& findings) {
  for (const Rule& rule : schema.rules) {
    if (!rule.message.empty()) continue;
    Add(findings, "rule-message", schema,
        fmt::format("give the rule '{:.60}' a message that says the way out", rule.expression));
  }
}

constexpr std::array kSchemaRules{NoFloats, IntegerFormat, Bounds,      MaxLength,
                                  MaxItems, ListType,      Described,   EnumCamelCase,
                                  Units,    PropertyNames, RuleMessage, NoNamespaceReference};

void LintSchema(const Schema& schema, Findings& findings) {
  for (const auto rule : kSchemaRules) rule(schema, findings);
  for (const auto& [name, property] : schema.properties) LintSchema(property, findings);
  if (schema.items) LintSchema(*schema.items, findings);
  if (schema.values) LintSchema(*schema.values, findings);
}

void LintStatus(const Crd& crd, Findings& findings) {
  const Schema* status = crd.root.Find("status");
  // A kind that only others look up, such as a template, has nothing to say of itself.
  if (!crd.has_status && status == nullptr) return;
  if (!crd.has_status || status == nullptr) {
    findings.push_back({"status", "", "give it both a status and the status subresource"});
    return;
  }
  if (status->default_value != Json{{"observedGeneration", -1}}) {
    findings.push_back({"observed-generation", status->path,
                        "give it default: {observedGeneration: -1}, without which kstatus takes a "
                        "new object for a finished one"});
  }
  const Schema* conditions = status->Find("conditions");
  const bool by_type = conditions != nullptr && conditions->items &&
                       conditions->list_keys == std::vector<std::string>{"type"};
  if (!by_type || !conditions->items->Requires("observedGeneration")) {
    findings.push_back({"conditions", status->path,
                        "give it conditions as list-map by type, each requiring "
                        "observedGeneration"});
  }
}

void LintPresentation(const Crd& crd, Findings& findings) {
  const auto is_age = [](const Column& column) { return column.name == "Age"; };
  if (std::ranges::none_of(crd.columns, is_age)) {
    findings.push_back({"columns", "", "give it additionalPrinterColumns, among them Age"});
  }
  for (const Column& column : crd.columns) {
    if (column.description.empty()) {
      findings.push_back({"columns", column.json_path, "describe the column " + column.name});
    }
  }
  if (crd.short_names.empty()) findings.push_back({"short-names", "", "give it a short name"});
  if (crd.categories != std::vector<std::string>{"slipway"}) {
    findings.push_back({"categories", "", "give it the category slipway and no other"});
  }
  if (crd.bytes >= kMaxBytes) {
    findings.push_back(
        {"size", "", fmt::format("its {} bytes must be less than {}", crd.bytes, kMaxBytes)});
  }
}

}  // namespace

std::vector<Finding> Lint(const Crd& crd) {
  Findings findings;
  LintSchema(crd.root, findings);
  LintStatus(crd, findings);
  LintPresentation(crd, findings);
  return findings;
}

}  // namespace slipway::crdgen
