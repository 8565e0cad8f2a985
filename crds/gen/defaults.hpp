#pragma once

#include "crds/gen/schema.hpp"

namespace slipway::crdgen {

/// The object as the API server would store it: a null where the schema has a value is as good as
/// absent, then every absent field gets its default
/// (https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting).
/// What does not fit the schema is left as it is.
Json WithDefaults(const Schema& schema, Json value);

}  // namespace slipway::crdgen
