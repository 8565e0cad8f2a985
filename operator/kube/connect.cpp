#include "operator/kube/connect.hpp"

namespace slipway {

Result<std::unique_ptr<Client>> Connect(const ClusterConfig& cluster, std::size_t connections,
                                        Metrics& metrics, const Clock& clock) {
  auto credentials = MakeCredentialSource(cluster);
  if (!credentials) return tl::unexpected(credentials.error());
  TransportOptions options;
  options.server = cluster.server;
  options.tls_server_name = cluster.tls_server_name;
  options.proxy = cluster.proxy;
  options.max_connections = connections;
  auto transport = MakeCpprestTransport(options, *credentials);
  if (!transport) return tl::unexpected(transport.error());
  return std::make_unique<Client>(kHomeCluster, std::move(*transport), *credentials, metrics,
                                  clock);
}

}  // namespace slipway
