#include "crds/gen/defaults.hpp"

#include <utility>

namespace slipway::crdgen {
namespace {

void FillIn(const Schema& schema, Json& value);

void FillInProperty(const Property& property, Json& object) {
  const auto found = object.find(property.name);
  const bool absent = found == object.end() || found->is_null();
  if (absent && property.schema.default_value) {
    object[property.name] = *property.schema.default_value;
  } else if (absent) {
    object.erase(property.name);
    return;
  }
  FillIn(property.schema, object[property.name]);
}

void FillIn(const Schema& schema, Json& value) {
  if (value.is_object()) {
    for (const Property& property : schema.properties) FillInProperty(property, value);
    if (schema.values) {
      for (auto& member : value) FillIn(*schema.values, member);
    }
  }
  if (value.is_array() && schema.items) {
    for (auto& item : value) FillIn(*schema.items, item);
  }
}

}  // namespace

Json WithDefaults(const Schema& schema, Json value) {
  FillIn(schema, value);
  return value;
}

}  // namespace slipway::crdgen
