#pragma once

#include <nlohmann/json.hpp>

namespace slipway {

/// True when `live` already has every field that `wanted` names, so that applying `wanted` would
/// change nothing. Fields that `wanted` does not name are ignored, but for those of a selector,
/// which the API server replaces as a whole. Lists of objects that carry a merge key (name, port,
/// containerPort, mountPath, ip, uid in this order) are compared as maps by it, as the API server
/// merges them; all other lists must be equal in length and order.
bool Covers(const nlohmann::json& live, const nlohmann::json& wanted);

}  // namespace slipway
