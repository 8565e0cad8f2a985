#include "operator/config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "operator/base/host_port.hpp"
#include "operator/base/utf8.hpp"

namespace slipway {
namespace {

Result<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  file.peek();  // A folder can be opened, but not read.
  std::ostringstream text;
  text << file.rdbuf();
  if (!file.is_open() || file.bad())
    return Fail(Code::kInvalid, path + ": cannot be read; check name and rights");
  if (!IsUtf8(text.str())) return Fail(Code::kInvalid, path + ": is no UTF-8; save it as such");
  return text.str();
}

std::string EnvironmentName(std::string_view flag) {
  std::string name = "SLIPWAY_";
  for (const char c : flag.substr(2)) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

const ConfigKey* FindKey(std::string_view key) {
  const auto& keys = ConfigKeys();
  const auto found = std::find_if(keys.begin(), keys.end(),
                                  [key](const ConfigKey& known) { return known.key == key; });
  return found == keys.end() ? nullptr : &*found;
}

/// Whether settings have that key before a dot.
bool IsGroup(const std::string& key) {
  const auto& keys = ConfigKeys();
  return std::any_of(keys.begin(), keys.end(), [prefix = key + "."](const ConfigKey& known) {
    return known.key.starts_with(prefix);
  });
}

/// Takes in a list of texts; returns what is wrong with it, or an empty text.
std::string ReadTexts(const std::string& where, const YAML::Node& list,
                      std::vector<std::string>& out) {
  if (list.IsNull()) return {};
  const bool texts =
      list.IsSequence() &&
      std::all_of(list.begin(), list.end(), [](const auto& item) { return item.IsScalar(); });
  if (!texts) return where + " must be a list of texts, such as [a, b]\n";
  for (const auto& item : list) out.push_back(item.template as<std::string>());
  return {};
}

std::string ReadRuntime(const std::string& where, const YAML::Node& node, ConfigSource& source) {
  if (!node.IsMap()) return where + " must be a map with name and image\n";
  std::string problems;
  ServingRuntime runtime;
  for (const auto& member : node) {
    const auto name = member.first.as<std::string>();
    const std::string field = where + "." + name;
    if (name == "command" || name == "args") {
      problems += ReadTexts(field, member.second, name == "args" ? runtime.args : runtime.command);
    } else if (name != "name" && name != "image") {
      problems += field + " is not a setting; there are name, image, command and args\n";
    } else if (!member.second.IsScalar()) {
      problems += field + " must be a single value\n";
    } else {
      (name == "name" ? runtime.name : runtime.image) = member.second.as<std::string>();
    }
  }
  if (runtime.name.empty()) problems += where + ".name is missing\n";
  if (runtime.image.empty()) problems += where + ".image is missing\n";
  source.runtimes.push_back(std::move(runtime));
  return problems;
}

std::string ReadRuntimes(const std::string& where, const YAML::Node& list, ConfigSource& source) {
  if (list.IsNull()) return {};
  if (!list.IsSequence()) return where + " must be a list\n";
  std::string problems;
  for (std::size_t i = 0; i < list.size(); ++i) {
    problems += ReadRuntime(where + "[" + std::to_string(i) + "]", list[i], source);
  }
  return problems;
}

/// Takes in one entry of the file; returns what is wrong with it, or an empty text.
std::string ReadEntry(const std::string& key, const YAML::Node& value, ConfigSource& source) {
  if (key == "watchNamespaces") {
    return ReadTexts(source.name + ": " + key, value, source.watch_namespaces);
  } else if (key == "runtimes") {
    return ReadRuntimes(source.name + ": " + key, value, source);
  } else if (FindKey(key) != nullptr) {
    if (!value.IsScalar()) return source.name + ": " + key + " must be a single value\n";
    source.texts[key] = value.as<std::string>();
  } else if (value.IsMap() && IsGroup(key)) {
    // Nowhere else: by its aliases a map may hold itself.
    std::string problems;
    for (const auto& member : value) {
      problems += ReadEntry(key + "." + member.first.as<std::string>(), member.second, source);
    }
    return problems;
  } else {
    return source.name + ": " + key + " is not a setting; see docs/operations.md for the list\n";
  }
  return {};
}

using NamedGangs = std::pair<std::string_view, GangScheduler>;
constexpr std::array<NamedGangs, 4> kGangSchedulers{
    {{"None", GangScheduler::kNone},
     {"Barrier", GangScheduler::kBarrier},
     {"Volcano", GangScheduler::kVolcano},
     {"Coscheduling", GangScheduler::kCoscheduling}}};

/// Looks values up through the sources and collects what is wrong with them.
class Reader {
 public:
  explicit Reader(const std::vector<ConfigSource>& sources) : sources_(sources) {}

  void Text(std::string_view key, std::string& out) {
    if (const auto* found = Find(key)) out = *found;
  }
  void Bool(std::string_view key, bool& out) {
    const auto* found = Find(key);
    if (found == nullptr) return;
    if (*found != "true" && *found != "false") return Complain(key, *found, "true or false");
    out = *found == "true";
  }
  void Number(std::string_view key, std::size_t low, std::size_t high, std::size_t& out) {
    const auto* found = Find(key);
    if (found == nullptr) return;
    std::size_t value = 0;
    const auto end = found->data() + found->size();
    const auto [stop, error] = std::from_chars(found->data(), end, value);
    if (error != std::errc{} || stop != end || value < low || value > high) {
      return Complain(key, *found,
                      "a number from " + std::to_string(low) + " to " + std::to_string(high));
    }
    out = value;
  }
  void LogLevel(std::string_view key, log::Level& out) {
    const auto* found = Find(key);
    if (found == nullptr) return;
    const auto level = log::ParseLevel(*found);
    if (!level) return Complain(key, *found, "debug, info, warn or error");
    out = *level;
  }
  void Gangs(std::string_view key, GangScheduler& out) {
    const auto* found = Find(key);
    if (found == nullptr) return;
    const auto known = std::ranges::find(kGangSchedulers, *found, &NamedGangs::first);
    if (known == kGangSchedulers.end()) {
      return Complain(key, *found, "None, Barrier, Volcano or Coscheduling");
    }
    out = known->second;
  }
  void Complain(std::string_view key, const std::string& value, const std::string& rule) {
    problems_ +=
        where_ + ": " + std::string(key) + " is \"" + value + "\" but must be " + rule + "\n";
  }
  const std::string& Problems() const { return problems_; }

 private:
  const std::string* Find(std::string_view key) {
    for (const auto& source : sources_) {
      const auto found = source.texts.find(std::string(key));
      if (found == source.texts.end()) continue;
      where_ = source.name;
      if (!IsUtf8(found->second)) {
        Complain(key, Utf8Prefix(found->second, kShown), "UTF-8 text");
        return nullptr;
      }
      return &found->second;
    }
    return nullptr;
  }

  static constexpr std::size_t kShown = 200;

  const std::vector<ConfigSource>& sources_;
  std::string where_;
  std::string problems_;
};

/// The one without the other would be a promise to pods that nobody keeps, or an open port for
/// nobody.
void CheckReports(const Config& config, Reader& reader) {
  const std::string& url = config.settings.report_url;
  if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
    reader.Complain("reports.url", url,
                    "a URL such as http://slipway-reports.slipway-system.svc:8081");
  } else if (url.empty() != config.report_address.empty()) {
    reader.Complain(url.empty() ? "reports.url" : "reports.address", "",
                    "set as well, or both reports.address and reports.url left out");
  }
}

/// What probes of pods compare: the reports and the canary, at the host of the one Service.
void CheckCanary(Config& config, Reader& reader) {
  const std::string& address = config.canary_address;
  if (address.empty()) return;
  const auto canary = ParseHostPort(address);
  auto reports = HostPortOfUrl(config.settings.report_url);
  if (!canary) return reader.Complain("reports.canaryAddress", address, "HOST:PORT or :PORT");
  if (config.report_address.empty() || !reports) {
    return reader.Complain("reports.canaryAddress", address,
                           "left out, or reports.address and reports.url set as well");
  }
  if (canary->port == reports->port) {
    return reader.Complain("reports.canaryAddress", address,
                           "of another port than reports.url, " + config.settings.report_url);
  }
  config.settings.probe_reachable = ToString(*reports);
  reports->port = canary->port;
  config.settings.probe_refused = ToString(*reports);
}

/// What every version would meet otherwise, in a pod each.
void CheckMlflow(const Config& config, Reader& reader) {
  const std::string& uri = config.settings.mlflow_tracking_uri;
  const bool server = uri.starts_with("http://") || uri.starts_with("https://");
  const bool user = uri.find('@') != std::string::npos;
  if (!uri.empty() && (!server || user)) {
    reader.Complain("mlflow.trackingUri", user ? "(not shown)" : uri,
                    "a URL without a user in it, such as http://mlflow.mlflow.svc:5000");
  }
  if (config.settings.mlflow_secret.empty()) {
    reader.Complain("mlflow.secretName", "", "the name of a Secret, or left out for the default");
  }
}

/// A relative path would lead to another place with each way to start the program.
void CheckAudit(const Config& config, Reader& reader) {
  const std::string& log = config.audit_log;
  if (log.empty() || log == "-" || log.starts_with('/')) return;
  reader.Complain("audit.log", log, "- for stdout, or a path that begins with /");
}

void CheckGangs(const Config& config, Reader& reader) {
  const GangScheduler scheduler = config.settings.gang_scheduler;
  if (scheduler == GangScheduler::kBarrier && !config.watch_namespaces.empty()) {
    reader.Complain("gangScheduler", "Barrier",
                    "None with watchNamespaces, since the room on a node is known only to who sees "
                    "the pods of all namespaces");
  }
  const bool names =
      scheduler == GangScheduler::kVolcano || scheduler == GangScheduler::kCoscheduling;
  if (!names && !config.settings.gang_scheduler_name.empty()) {
    reader.Complain("gangSchedulerName", config.settings.gang_scheduler_name,
                    "left out unless gangScheduler is Volcano or Coscheduling, whose scheduler it "
                    "names");
  }
}

}  // namespace

const std::vector<ConfigKey>& ConfigKeys() {
  static const std::vector<ConfigKey> keys = {
      {"kubeconfig", "--kubeconfig", "kubeconfig file; default $KUBECONFIG, else in-cluster"},
      {"context", "--context", "context of the kubeconfig; default its current one"},
      {"logLevel", "--log-level", "debug, info, warn or error"},
      {"adminAddress", "--admin-address", "HOST:PORT of /healthz, /readyz, /metrics and /debug"},
      {"workers", "--workers", "objects worked on at once, for each kind (3 to 256)"},
      {"leaderElection.enabled", "--leader-elect", "true: only the holder of the Lease writes"},
      {"leaderElection.leaseName", "--lease-name", "name of the Lease"},
      {"leaderElection.leaseNamespace", "--lease-namespace", "namespace of the Lease"},
      {"audit.log", "--audit-log",
       "file or folder for a record of each action, - for stdout; default none"},
      {"clusterDomain", "--cluster-domain", "DNS domain of the cluster's Services"},
      {"reports.address", "--report-address", "HOST:PORT that takes reports of pods; default none"},
      {"reports.url", "--report-url", "where pods reach it, as http://SERVICE.NAMESPACE.svc:PORT"},
      {"reports.canaryAddress", "--canary-address",
       "HOST:PORT that probes of isolated pods must not reach; default none"},
      {"workerImage", "--worker-image", "image with this binary, for the operator's own pods"},
      {"mlflow.trackingUri", "--mlflow-tracking-uri",
       "MLflow that ModelVersions are copied to, such as http://mlflow.mlflow.svc:5000"},
      {"mlflow.secretName", "--mlflow-secret",
       "Secret with its credentials, in the namespace of each ModelVersion"},
      {"gangScheduler", "--gang-scheduler",
       "who places all pods of a job at once: None, Barrier (the operator), Volcano, Coscheduling"},
      {"gangSchedulerName", "--gang-scheduler-name",
       "schedulerName of its pods; default volcano or scheduler-plugins-scheduler"},
  };
  return keys;
}

Result<ConfigSource> ReadConfigFile(const std::string& path) {
  ConfigSource source{path, {}, {}, {}, {}};
  const auto text = ReadText(path);
  if (!text) return tl::unexpected(text.error());
  try {
    const YAML::Node file = YAML::Load(*text);
    if (!file.IsMap() && !file.IsNull()) {
      return Fail(Code::kInvalid, path + ": must be a map of settings, such as \"logLevel: info\"");
    }
    for (const auto& entry : file) {
      source.problems += ReadEntry(entry.first.as<std::string>(), entry.second, source);
    }
  } catch (const YAML::Exception& error) {
    return Fail(Code::kInvalid, path + ": " + error.what());
  }
  return source;
}

ConfigSource ReadEnvironment(const std::function<const char*(const char*)>& getenv) {
  ConfigSource source{"environment", {}, {}, {}, {}};
  for (const auto& key : ConfigKeys()) {
    const char* value = getenv(EnvironmentName(key.flag).c_str());
    if (value != nullptr) source.texts[std::string(key.key)] = value;
  }
  return source;
}

Result<Config> MakeConfig(const std::vector<ConfigSource>& sources) {
  Config config;
  Reader reader(sources);
  reader.Text("kubeconfig", config.kubeconfig);
  reader.Text("context", config.context);
  reader.LogLevel("logLevel", config.log_level);
  reader.Text("adminAddress", config.admin_address);
  reader.Number("workers", 3, 256, config.workers);
  reader.Bool("leaderElection.enabled", config.leader_elect);
  reader.Text("leaderElection.leaseName", config.lease_name);
  reader.Text("leaderElection.leaseNamespace", config.lease_namespace);
  config.settings.operator_namespace = config.lease_namespace;
  reader.Text("audit.log", config.audit_log);
  CheckAudit(config, reader);
  reader.Text("clusterDomain", config.settings.cluster_domain);
  reader.Text("workerImage", config.settings.worker_image);
  reader.Text("reports.address", config.report_address);
  reader.Text("reports.url", config.settings.report_url);
  CheckReports(config, reader);
  reader.Text("reports.canaryAddress", config.canary_address);
  CheckCanary(config, reader);
  reader.Text("mlflow.trackingUri", config.settings.mlflow_tracking_uri);
  reader.Text("mlflow.secretName", config.settings.mlflow_secret);
  CheckMlflow(config, reader);
  for (const auto& source : sources) {
    if (config.watch_namespaces.empty()) config.watch_namespaces = source.watch_namespaces;
    if (config.settings.runtimes.empty()) config.settings.runtimes = source.runtimes;
  }
  config.settings.served_namespaces = config.watch_namespaces;
  reader.Gangs("gangScheduler", config.settings.gang_scheduler);
  reader.Text("gangSchedulerName", config.settings.gang_scheduler_name);
  CheckGangs(config, reader);
  std::string problems;
  for (const auto& source : sources) problems += source.problems;
  problems += reader.Problems();
  if (!problems.empty()) return Fail(Code::kInvalid, problems);
  return config;
}

std::string DescribeConfig(const Config& config) {
  nlohmann::json runtimes = nlohmann::json::array();
  for (const auto& runtime : config.settings.runtimes) {
    runtimes.push_back({{"name", runtime.name}, {"image", runtime.image}});
  }
  const auto gangs =
      std::ranges::find(kGangSchedulers, config.settings.gang_scheduler, &NamedGangs::second);
  return nlohmann::json{{"kubeconfig", config.kubeconfig},
                        {"context", config.context},
                        {"adminAddress", config.admin_address},
                        {"reports",
                         {{"address", config.report_address},
                          {"url", config.settings.report_url},
                          {"canaryAddress", config.canary_address}}},
                        {"workers", config.workers},
                        {"watchNamespaces", config.watch_namespaces},
                        {"leaderElection",
                         {{"enabled", config.leader_elect},
                          {"leaseName", config.lease_name},
                          {"leaseNamespace", config.lease_namespace}}},
                        {"audit", {{"log", config.audit_log}}},
                        {"clusterDomain", config.settings.cluster_domain},
                        {"workerImage", config.settings.worker_image},
                        {"mlflow",
                         {{"trackingUri", config.settings.mlflow_tracking_uri},
                          {"secretName", config.settings.mlflow_secret}}},
                        {"gangScheduler", gangs->first},
                        {"gangSchedulerName", config.settings.gang_scheduler_name},
                        {"runtimes", runtimes}}
      .dump(2);
}

}  // namespace slipway
