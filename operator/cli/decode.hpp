#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "operator/base/result.hpp"
#include "operator/run/controller.hpp"

namespace slipway::cli {

/// JSON as the resource's type, as the operator would read it from a watch.
template <class T>
Result<T> DecodeAs(const Resource<T>& resource, const nlohmann::json& object) {
  const std::string text = object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  JsonParser parser;
  return parser.Parse(text).and_then(resource.decode);
}

/// What the controller sees of a world that holds nothing but its custom resource and, of
/// `others`, what it looks up.
Result<Snapshot> WorldOf(const Controller& controller, const nlohmann::json& resource,
                         const std::vector<nlohmann::json>& others);

}  // namespace slipway::cli
