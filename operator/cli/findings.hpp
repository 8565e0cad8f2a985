#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/cli/why.hpp"

/// The parts that a diagnosis is put together from.
namespace slipway::cli {

/// What to do about a condition's reason, "" when the message says it or nothing is known.
std::string WayOut(const World& world, std::string_view reason);

/// The finding of a condition: its message, its reason, and what to do.
Finding FromCondition(const World& world, const nlohmann::json& condition);

/// Being deleted, or left to another controller by spec.managedBy.
std::optional<Finding> NotForUs(const World& world);

/// The spec that is there has not been looked at by an operator.
std::optional<Finding> Unobserved(const World& world);
/// "the operator does not run: ...", when its Lease says so; else "".
std::string OperatorTrouble(const World& world);

/// spec.suspend is true: since when, and who set it.
std::optional<Finding> Suspended(const World& world);

/// What the API server did not let the operator write: quota, rights, names.
std::optional<Finding> Barred(const World& world);

/// What keeps pods from running, the same trouble of several pods as one, the gravest first:
/// placement, images, volumes, containers that cannot start or end again and again.
std::vector<Finding> PodFindings(const World& world, const std::vector<Pod>& pods);

}  // namespace slipway::cli
