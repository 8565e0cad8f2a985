#pragma once

#include <string>
#include <string_view>

#include "operator/kube/identity.hpp"

namespace slipway {

/// The name of a child: readable front, unique back. "churn" + "node-0" gives
/// "churn-node-0-x7k2m9pq". The back is a hash over the owner's UID and the role, so a child of a
/// deleted owner of the same name can never be mistaken for ours. At most 63 characters (a pod's
/// hostname and a Service's name are DNS labels); a long owner name is cut.
std::string ChildName(std::string_view owner_name, std::string_view owner_uid,
                      std::string_view role);

/// The key of a child beside its owner. Planners go through this function, never through the
/// owner's namespace directly, so that placement on another cluster changes one place.
ObjectKey ChildKey(const ObjectKey& owner, std::string name);

}  // namespace slipway
