#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "operator/run/controller.hpp"

/// JSON into what a planner sees, by the decoders of the runtime; for tests that write a world as
/// JSON or YAML.
namespace slipway::golden {

/// All kinds that the controller looks at: those that it owns, its own, and those it looks up.
std::vector<AnyResource> Kinds(const Controller& controller);

ObjectKey KeyOf(const nlohmann::json& object);

/// Throws std::runtime_error when the object is of none of the kinds, or is refused.
ObjectPtr DecodeObject(const std::vector<AnyResource>& kinds, const nlohmann::json& object);

/// The snapshot of a world that holds these objects. Throws as DecodeObject does.
Snapshot MakeSnapshot(const Controller& controller, const std::vector<nlohmann::json>& objects);

}  // namespace slipway::golden
