// A kubeconfig, then a NO_PROXY, then the name of a context.
#include "operator/kube/kubeconfig.hpp"

#include "operator/kube/proxy.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

void Check(const ClusterConfig& config) {
  Require(!config.server.empty(), "a cluster has a server");
  for (const auto* source : {&config.ca, &config.certificate, &config.key, &config.token}) {
    Require(source->file.empty() || source->file.starts_with('/'), "a path is absolute",
            source->file);
  }
  // They are written into requests, and into what a credential plugin is told.
  Require(IsUtf8(config.server) && IsUtf8(config.ns), "a server's name is UTF-8", config.server);
  if (config.exec) Require(!config.exec->command.empty(), "a plugin has a command");
}

}  // namespace

void Fuzz(std::string_view input) {
  const auto parts = Parts(input, 3);
  const File file(parts[0]);
  const std::string no_proxy(parts.size() > 1 ? parts[1] : "");
  const auto config = LoadKubeconfig(file.Path(), parts.size() > 2 ? parts[2] : "");
  Require(config || !config.error().message.empty(), "an error says something");
  if (!config) return;
  Check(*config);
  const std::string proxy = ProxyFor(config->server, {"proxy:3128", no_proxy});
  Require(proxy.empty() || proxy == "http://proxy:3128", "a proxy is used or not", proxy);
}

}  // namespace slipway::fuzz
