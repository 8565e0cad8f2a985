#include "operator/kube/kubeconfig.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "operator/base/digest.hpp"
#include "operator/base/utf8.hpp"
#include "operator/kube/proxy.hpp"

namespace slipway {
namespace {

namespace fs = std::filesystem;

/// Larger than any real one, small enough to parse at once. Aliases need no limit of their own:
/// yaml-cpp does not expand them, and only fixed paths are looked up.
constexpr std::uintmax_t kMaxKubeconfigBytes = 4U << 20U;

/// Carries an error out of the nested look-ups; never leaves this file.
struct ConfigError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A named entry and the file it stands in.
struct Entry {
  YAML::Node body;
  fs::path file;

  std::string Text(const char* field) const {
    const YAML::Node node = body[field];
    if (!node || node.IsNull()) return "";
    if (!node.IsScalar()) throw ConfigError(fmt::format("{}: {} is no text", file.string(), field));
    return node.Scalar();
  }
  bool Flag(const char* field) const { return Text(field) == "true"; }

  /// Absolute, relative to the file that it is written in.
  std::string Path(const char* field) const {
    const std::string text = Text(field);
    return text.empty() ? "" : (file.parent_path() / text).lexically_normal().string();
  }
};

std::string DecodeBase64(std::string text, std::string_view where) {
  std::erase_if(text, [](unsigned char c) { return c == '\n' || c == '\r' || c == ' '; });
  std::string decoded = FromBase64(text);
  if (decoded.empty()) throw ConfigError(fmt::format("{} is not base64", where));
  return decoded;
}

/// As client-go does, inline data wins over a file.
TextSource DataOrFile(const Entry& entry, const std::string& field) {
  const std::string data_field = field + "-data";
  const std::string data = entry.Text(data_field.c_str());
  if (data.empty()) return {"", entry.Path(field.c_str())};
  return {DecodeBase64(data, entry.file.string() + ": " + data_field), ""};
}

/// The files of one KUBECONFIG, merged.
class Kubeconfig {
 public:
  void AddFile(const fs::path& path) {
    const YAML::Node root = Parse(path);
    if (current_context_.empty() && root["current-context"]) {
      current_context_ = root["current-context"].as<std::string>();
    }
    AddAll(clusters_, root["clusters"], "cluster", path);
    AddAll(users_, root["users"], "user", path);
    AddAll(contexts_, root["contexts"], "context", path);
  }

  ClusterConfig Resolve(std::string_view wanted) const {
    const std::string name = wanted.empty() ? current_context_ : std::string(wanted);
    if (name.empty()) {
      throw ConfigError("no context is chosen: set current-context in the kubeconfig or --context");
    }
    const Entry& context = Find(contexts_, name, "context");
    const Entry& cluster = Find(clusters_, context.Text("cluster"), "cluster");
    ClusterConfig config;
    config.ns = context.Text("namespace");
    ReadCluster(cluster, config);
    if (const std::string user = context.Text("user"); !user.empty()) {
      ReadUser(Find(users_, user, "user"), config);
    }
    return config;
  }

 private:
  using Entries = std::map<std::string, Entry>;

  static YAML::Node Parse(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw ConfigError(fmt::format("kubeconfig {} cannot be opened", path.string()));
    std::error_code error;
    if (fs::file_size(path, error) > kMaxKubeconfigBytes && !error) {
      throw ConfigError(fmt::format("kubeconfig {} is larger than 4 MiB", path.string()));
    }
    std::ostringstream text;
    text << file.rdbuf();
    if (!IsUtf8(text.str())) {
      throw ConfigError(fmt::format("kubeconfig {} is no UTF-8; save it as such", path.string()));
    }
    const YAML::Node root = YAML::Load(text.str());
    if (!root.IsMap()) {
      throw ConfigError(fmt::format("kubeconfig {} is empty or no YAML mapping", path.string()));
    }
    return root;
  }

  static void AddAll(Entries& entries, const YAML::Node& list, const char* member,
                     const fs::path& file) {
    if (!list || !list.IsSequence()) return;
    for (const YAML::Node& item : list) {
      if (!item.IsMap() || !item["name"] || !item[member] || !item[member].IsMap()) continue;
      entries.try_emplace(item["name"].as<std::string>(), Entry{item[member], file});
    }
  }

  static const Entry& Find(const Entries& entries, const std::string& name, const char* what) {
    const auto found = entries.find(name);
    if (found != entries.end()) return found->second;
    std::string known;
    for (const auto& [other, entry] : entries) known += (known.empty() ? "" : ", ") + other;
    throw ConfigError(fmt::format("the kubeconfig has no {} \"{}\"; it has: {}", what, name,
                                  known.empty() ? "none" : known));
  }

  static void ReadCluster(const Entry& cluster, ClusterConfig& config) {
    config.server = cluster.Text("server");
    if (config.server.empty())
      throw ConfigError(cluster.file.string() + ": a cluster has no server");
    while (config.server.ends_with('/')) config.server.pop_back();
    if (cluster.Flag("insecure-skip-tls-verify")) {
      throw ConfigError(
          cluster.file.string() +
          ": insecure-skip-tls-verify is true, which would hand the credentials to anybody who "
          "answers; remove it and set certificate-authority-data to the cluster's CA");
    }
    config.ca = DataOrFile(cluster, "certificate-authority");
    config.tls_server_name = cluster.Text("tls-server-name");
    config.proxy = cluster.Text("proxy-url");
    if (config.proxy.empty()) {
      config.proxy = ProxyFor(config.server, ProxySettings::FromEnvironment());
    }
  }

  static void ReadUser(const Entry& user, ClusterConfig& config) {
    for (const char* field : {"auth-provider", "username", "as"}) {
      if (!user.body[field]) continue;
      throw ConfigError(fmt::format(
          "{}: the user's field {} is not supported; use a client certificate, a token, a token "
          "file or an exec plugin",
          user.file.string(), field));
    }
    config.certificate = DataOrFile(user, "client-certificate");
    config.key = DataOrFile(user, "client-key");
    config.token = {user.Text("token"), user.Path("tokenFile")};
    if (user.body["exec"]) config.exec = ReadExec({user.body["exec"], user.file});
  }

  static ExecPlugin ReadExec(const Entry& exec) {
    ExecPlugin plugin;
    plugin.command = exec.Text("command");
    plugin.api_version = exec.Text("apiVersion");
    plugin.install_hint = exec.Text("installHint");
    plugin.provide_cluster_info = exec.Flag("provideClusterInfo");
    if (plugin.command.empty()) throw ConfigError(exec.file.string() + ": exec has no command");
    if (plugin.command.find('/') != std::string::npos) plugin.command = exec.Path("command");
    if (plugin.api_version != "client.authentication.k8s.io/v1" &&
        plugin.api_version != "client.authentication.k8s.io/v1beta1") {
      throw ConfigError(fmt::format(
          "{}: exec.apiVersion \"{}\" is not supported; use client.authentication.k8s.io/v1",
          exec.file.string(), plugin.api_version));
    }
    if (exec.Text("interactiveMode") == "Always") {
      throw ConfigError(exec.file.string() +
                        ": exec.interactiveMode is Always, but nobody is there to answer; use a "
                        "plugin that can run with IfAvailable or Never");
    }
    for (const YAML::Node& arg : exec.body["args"]) plugin.args.push_back(arg.as<std::string>());
    for (const YAML::Node& variable : exec.body["env"]) {
      plugin.env[variable["name"].as<std::string>()] = variable["value"].as<std::string>();
    }
    return plugin;
  }

  std::string current_context_;
  Entries clusters_, users_, contexts_;
};

std::string Variable(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here sets a variable while others read.
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string ReadFirstLine(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

Result<ClusterConfig> LoadKubeconfig(std::string_view path, std::string_view context) {
  try {
    Kubeconfig kubeconfig;
    std::istringstream paths{std::string(path)};
    const bool is_list = path.find(':') != std::string_view::npos;
    for (std::string file; std::getline(paths, file, ':');) {
      // As in kubectl, a list may name files that are not there yet.
      if (file.empty() || (is_list && !fs::exists(file))) continue;
      kubeconfig.AddFile(fs::absolute(file));
    }
    return kubeconfig.Resolve(context);
  } catch (const ConfigError& error) {
    return Fail(Code::kInvalid, error.what());
  } catch (const std::exception& error) {
    return Fail(Code::kInvalid, fmt::format("kubeconfig {}: {}", path, error.what()));
  }
}

Result<ClusterConfig> LoadInClusterConfig(std::string_view root) {
  std::string host = Variable("KUBERNETES_SERVICE_HOST");
  const std::string port = Variable("KUBERNETES_SERVICE_PORT");
  const fs::path mount(root);
  std::error_code error;
  if (host.empty() || port.empty() || !fs::exists(mount / "token", error)) {
    return Fail(Code::kInvalid,
                fmt::format("this process is in no pod with a service account: {} and the "
                            "variables KUBERNETES_SERVICE_HOST and _PORT are needed",
                            (mount / "token").string()));
  }
  // The HTTP library takes no bare IPv6 address; the certificate is for this name as well.
  if (host.find(':') != std::string::npos) host = "kubernetes.default.svc";
  ClusterConfig config;
  config.server = fmt::format("https://{}:{}", host, port);
  config.proxy = ProxyFor(config.server, ProxySettings::FromEnvironment());
  config.ns = ReadFirstLine(mount / "namespace");
  config.ca.file = (mount / "ca.crt").string();
  config.token.file = (mount / "token").string();
  return config;
}

Result<ClusterConfig> LoadClusterConfig(std::string_view path, std::string_view context) {
  if (!path.empty()) return LoadKubeconfig(path, context);
  if (const std::string paths = Variable("KUBECONFIG"); !paths.empty()) {
    return LoadKubeconfig(paths, context);
  }
  if (!Variable("KUBERNETES_SERVICE_HOST").empty()) return LoadInClusterConfig();
  const std::string fallback = Variable("HOME") + "/.kube/config";
  std::error_code error;
  if (fs::exists(fallback, error)) return LoadKubeconfig(fallback, context);
  return Fail(Code::kInvalid,
              fmt::format("no cluster is given: pass --kubeconfig, set KUBECONFIG, create {}, or "
                          "run in a pod",
                          fallback));
}

}  // namespace slipway
