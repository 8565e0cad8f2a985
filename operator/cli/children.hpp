#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace slipway::cli {

/// A row (kind, name, what it is) for each child; pods of one role are one row together. A name's
/// hash is shown as "*".
std::vector<std::vector<std::string>> ChildRows(const std::vector<nlohmann::json>& children);

/// NAME=value of what the operator itself sets in the first pod of a TrainingJob.
std::vector<std::string> RendezvousOf(const std::vector<nlohmann::json>& children,
                                      const nlohmann::json& owner);

/// What the pods refer to, as "Secret token (key password)": names only, sorted.
std::vector<std::string> NeededBy(const std::vector<nlohmann::json>& children);

}  // namespace slipway::cli
