#pragma once

#include <string>
#include <vector>

#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// A member of a generated struct.
struct Field {
  std::string json_name;
  std::string name;
  std::string type;  ///< E.g. "std::optional<std::int32_t>".
  std::string doc;
  bool required = false;        ///< Missing in an object is an error.
  bool always_written = false;  ///< Written even when empty.
  bool operator==(const Field&) const = default;
};

struct Struct {
  std::string name;
  std::string doc;
  std::vector<Field> fields;
};

struct Enum {
  std::string name;
  std::string doc;
  std::vector<std::string> values;  ///< Without the Unknown arm.
};

struct Kind {
  std::string name, group, version, plural, doc;
  bool has_status = false;
};

/// All types of the API. A struct stands after every struct that it holds.
struct Model {
  std::vector<Enum> enums;
  std::vector<Struct> structs;
  std::vector<Kind> kinds;
};

/// Derives the C++ types of all kinds. Schemas of one name and the same members share one type;
/// of two that differ the later is called <Parent><Name>. A `title` that is given to two different
/// schemas is an error. An object with the title RawJson gets no type: it is kept as it is.
Result<Model> BuildModel(const std::vector<Crd>& crds);

}  // namespace slipway::crdgen
