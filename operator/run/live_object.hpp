#pragma once

#include <chrono>
#include <nlohmann/json.hpp>

#include "operator/kube/client.hpp"
#include "operator/kube/resource.hpp"

namespace slipway {

/// The custom resource as the API server has it at this moment, for what is written by replicas
/// that may see less than the one that leads.
Result<ObjectPtr> ReadLive(Client& client, const AnyResource& kind, const ObjectKey& key,
                           std::chrono::milliseconds deadline);

/// Replaces the status of exactly that object, at the version that was read; a conflict when
/// somebody else has written in between.
Result<void> WriteLiveStatus(Client& client, const Object& object, const nlohmann::json& status,
                             std::chrono::milliseconds deadline);

}  // namespace slipway
