#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/common/settings.hpp"
#include "operator/base/log.hpp"
#include "operator/base/result.hpp"

namespace slipway {

/// Everything that can be set, read once at start and immutable afterwards. Precedence, highest
/// first: flag, environment (SLIPWAY_ and the flag's name in upper case), file, built-in value.
struct Config {
  std::string kubeconfig;  ///< Empty: $KUBECONFIG, then in-cluster.
  std::string context;     ///< Empty: the kubeconfig's current one.
  log::Level log_level = log::Level::kInfo;
  std::string admin_address = "127.0.0.1:8080";
  std::string report_address;                 ///< Empty: no reports are taken.
  std::string canary_address;                 ///< Empty: there is none.
  std::size_t workers = 16;                   ///< For each kind.
  std::vector<std::string> watch_namespaces;  ///< Empty: all.
  bool leader_elect = true;
  std::string lease_name = "slipway";
  std::string lease_namespace = "slipway-system";
  std::string audit_log;  ///< "-" for stdout, a file or a folder; empty: there is none.
  Settings settings;
};

/// The settings as they come from one source: texts by key, lists only from the file. Keys are
/// those of `ConfigKeys`.
struct ConfigSource {
  std::string name;  ///< For messages: "flag", "environment", or the file's path.
  std::map<std::string, std::string> texts;
  std::vector<std::string> watch_namespaces;
  std::vector<ServingRuntime> runtimes;
  std::string problems;  ///< What is wrong with the source itself, a line each.
};

/// A key of the file, its flag and environment variable derived from it, and what it means.
struct ConfigKey {
  std::string_view key;   ///< As in the file, dotted: "leaderElection.enabled".
  std::string_view flag;  ///< "--leader-elect".
  std::string_view help;
};
const std::vector<ConfigKey>& ConfigKeys();

/// Reads the YAML file. Unknown keys are problems, so that a misspelt setting cannot go unnoticed.
/// Fails when it cannot be read as YAML at all.
Result<ConfigSource> ReadConfigFile(const std::string& path);
/// SLIPWAY_LOG_LEVEL and the like.
ConfigSource ReadEnvironment(const std::function<const char*(const char*)>& getenv);

/// Merges the sources, the first having the last word. All errors are reported at once, a line
/// each, naming source, key, value and rule.
Result<Config> MakeConfig(const std::vector<ConfigSource>& sources);

/// The settings in effect, as JSON for /debug/config. Holds no secrets.
std::string DescribeConfig(const Config& config);

}  // namespace slipway
