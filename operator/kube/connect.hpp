#pragma once

#include <memory>

#include "operator/kube/client.hpp"
#include "operator/kube/kubeconfig.hpp"

namespace slipway {

/// A client of the home cluster with at most so many connections at once. The error is what is
/// wrong with credentials or address; the server is not asked yet.
Result<std::unique_ptr<Client>> Connect(const ClusterConfig& cluster, std::size_t connections,
                                        Metrics& metrics, const Clock& clock);

}  // namespace slipway
