#pragma once

#include <nlohmann/json.hpp>

namespace slipway {

/// True when `live` already has every field that `wanted` names, so that applying `wanted` would
/// change nothing. Fields that `wanted` does not name are ignored. Lists of objects that carry a
/// merge key (name, port, containerPort, type, mountPath, ip, key in this order) are compared as
/// maps by it, as the API server merges them; all other lists must be equal in length and order.
bool Covers(const nlohmann::json& live, const nlohmann::json& wanted);

}  // namespace slipway
