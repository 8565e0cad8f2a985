#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/cli/world.hpp"

namespace slipway::cli {

/// Something that happened.
struct Moment {
  Instant time{};
  std::string who;   ///< "Pod churn-node-0-x7k2m9pq (node 0)", or the resource.
  std::string what;  ///< One line.
};

/// Everything that is known to have happened to the resource and its children, in the order of
/// time: creations, the last transition of each condition, Events, and starts and ends of
/// containers.
std::vector<Moment> Timeline(const World& world);

/// Phase, conditions, pods and the last moments, for people.
std::string StatusText(const World& world);
/// The same for programs, with all moments.
nlohmann::json StatusJson(const World& world);

}  // namespace slipway::cli
