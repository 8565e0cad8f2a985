#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crds/gen/yaml.hpp"

namespace slipway::crdgen {

/// One entry of x-kubernetes-validations.
struct Rule {
  std::string expression;
  std::string message;
};

struct Property;

/// A node of a structural OpenAPI v3 schema, as far as Kubernetes allows it in a CRD.
struct Schema {
  std::string path;   ///< E.g. "spec.trainer.env[].name"; empty for the root.
  std::string type;   ///< Empty when int_or_string.
  std::string title;  ///< Name of the generated type; empty lets crdgen choose one.
  std::string format;
  std::string description;
  std::string pattern;
  std::string list_type;
  std::vector<std::string> list_keys;
  std::vector<std::string> enum_values;
  std::vector<std::string> required;
  std::vector<Rule> rules;
  std::optional<Json> default_value;
  std::optional<std::int64_t> minimum, maximum;
  std::optional<std::int64_t> min_length, max_length;
  std::optional<std::int64_t> min_items, max_items;
  std::optional<std::int64_t> max_properties;
  bool int_or_string = false;
  std::vector<Property> properties;      ///< In the order of the file.
  std::shared_ptr<const Schema> items;   ///< Set for an array.
  std::shared_ptr<const Schema> values;  ///< Set for a map.

  bool Requires(const std::string& property) const;
  /// The property of that name, or nullptr.
  const Schema* Find(const std::string& property) const;
};

/// A named member of an object.
struct Property {
  std::string name;
  Schema schema;
};

/// An additionalPrinterColumn.
struct Column {
  std::string name;
  std::string description;
  std::string json_path;
  bool wide = false;  ///< Shown with `-o wide` only.
};

/// One CustomResourceDefinition with its single version.
struct Crd {
  std::string file;  ///< File name without its folder.
  std::size_t bytes = 0;
  std::string group, version, kind, plural, scope;
  std::vector<std::string> short_names, categories;
  std::vector<Column> columns;
  bool has_status = false;
  std::string scale_path;  ///< specReplicasPath, empty without the scale subresource.
  Schema root;
};

/// Reads a CRD. The error names the file and what is not understood; a schema keyword that crdgen
/// does not know is an error, because it could change the meaning of the types.
Result<Crd> ParseCrd(const std::string& text, const std::string& file);

}  // namespace slipway::crdgen
