#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/result.hpp"

namespace slipway {

/// A value that stands in the configuration itself or in a file of its own.
struct TextSource {
  std::string text;  ///< The value, unless `file` is set.
  std::string file;  ///< Absolute path; empty when the value is inline.
  bool Empty() const { return text.empty() && file.empty(); }
  bool operator==(const TextSource&) const = default;
};

/// A program that prints an ExecCredential (client.authentication.k8s.io/v1).
struct ExecPlugin {
  std::string command;
  std::vector<std::string> args;
  std::map<std::string, std::string> env;  ///< In addition to the operator's own.
  std::string api_version;
  std::string install_hint;           ///< Shown when the command cannot be started.
  bool provide_cluster_info = false;  ///< Pass the server and its CA in KUBERNETES_EXEC_INFO.
};

/// Where an API server is and how to be let in.
struct ClusterConfig {
  std::string server;
  std::string tls_server_name;
  std::string proxy;  ///< Of the kubeconfig, else of HTTPS_PROXY unless NO_PROXY has the server.
  std::string ns;     ///< Namespace of the context; in a cluster, of the operator's own pod.
  TextSource ca;
  TextSource certificate;
  TextSource key;
  TextSource token;
  std::optional<ExecPlugin> exec;
};

/// Reads a kubeconfig as kubectl does. `path` may be a list separated by ':', in which the first
/// file that defines a name wins. An empty `context` means the current one. Relative paths inside
/// a file are relative to that file.
Result<ClusterConfig> LoadKubeconfig(std::string_view path, std::string_view context);

/// The cluster that this process is a pod of. `root` is where the service account is mounted.
Result<ClusterConfig> LoadInClusterConfig(
    std::string_view root = "/var/run/secrets/kubernetes.io/serviceaccount");

/// What an operator started without arguments means: `path` when given, else $KUBECONFIG, else
/// the cluster it runs in, else ~/.kube/config.
Result<ClusterConfig> LoadClusterConfig(std::string_view path, std::string_view context);

}  // namespace slipway
