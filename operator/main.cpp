#include <pthread.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "controllers/drift_monitor/tool.hpp"
#include "controllers/registry.hpp"
#include "operator/base/hash.hpp"
#include "operator/cli/commands.hpp"
#include "operator/config.hpp"
#include "operator/kube/connect.hpp"
#include "operator/kube/workloads.hpp"
#include "operator/mirror/tool.hpp"
#include "operator/probe/canary.hpp"
#include "operator/probe/commands.hpp"
#include "operator/run/admin_server.hpp"
#include "operator/run/audit_file.hpp"
#include "operator/run/leader.hpp"
#include "operator/run/report_server.hpp"
#include "operator/run/wiring.hpp"
#include "operator/verify/commands.hpp"
#include "operator/worker/commands.hpp"

namespace slipway {
namespace {

/// Exit codes: 2 the configuration cannot work, 3 leadership was lost, 1 anything else.
constexpr int kExitConfig = 2;
constexpr int kExitLostLease = 3;
/// A pass that takes longer than this is stuck: every request in it has a deadline of seconds.
constexpr std::chrono::minutes kStuck{3};

/// SIGTERM and SIGINT, to be waited for by main and by no other thread.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

/// Who this replica is in the Lease and in Events: the pod's name and a part that a restart
/// changes.
std::string Identity() {
  char host[256] = "slipway";
  gethostname(host, sizeof host - 1);
  std::random_device random;
  return std::string(host) + "_" + ShortHash({std::to_string(random()), std::to_string(getpid())});
}

/// All that runs, in the order in which it depends on each other.
class Operator {
 public:
  Operator(const Config& config, Client& client, Client& lease_client, Metrics& metrics,
           const Clock& clock, std::string identity, AuditLog* audit)
      : config_(config),
        metrics_(metrics),
        clock_(clock),
        client_(client),
        lease_client_(lease_client),
        identity_(std::move(identity)),
        audit_(audit),
        executor_(
            {{kHomeCluster, &client}}, barrier_, metrics, clock, [this] { return MayWriteFor(); },
            audit),
        events_({{kHomeCluster, &client}}, identity_, metrics, clock),
        wiring_(cache_, runners_, metrics, clock) {
    for (auto& controller : MakeControllers(config.settings)) {
      runners_.push_back(std::make_unique<Runner>(
          std::move(controller),
          RunnerContext{cache_, executor_, events_, barrier_, metrics, clock}, config.workers));
    }
    for (const auto& ns : config.watch_namespaces) wiring_.Watch(client, ns);
    if (config.watch_namespaces.empty()) wiring_.Watch(client, "");
  }

  /// Until SIGTERM: caches first, then leadership, then work.
  void Run(const sigset_t& stop_signals) {
    wiring_.Start();
    if (config_.leader_elect) {
      const LeaseTimes times;
      leader_ = std::make_unique<Leader>(
          lease_client_, ObjectKey{kHomeCluster, config_.lease_namespace, config_.lease_name},
          LeaseElection(identity_, times), times, metrics_, clock_, audit_);
    } else if (audit_ != nullptr) {
      audit_->Open({});
    }
    const timespec tick{0, 100'000'000};
    while (sigtimedwait(&stop_signals, nullptr, &tick) < 0) {
      if (leader_ && leader_->Superseded()) {
        log::Error("another replica leads now; this one starts anew and stands by");
        if (audit_ != nullptr) audit_->Flush();
        _exit(kExitLostLease);  // No destructor may still write.
      }
      if (MayWriteFor().count() > 0) StartWhatIsReady();
    }
    log::Info("stopping: passes in progress are finished");
    for (auto& runner : runners_) runner->Stop();
    for (auto& runner : runners_) runner->Drain();
    events_.Drain();
    // Before the Lease is given up, which then names the last record.
    if (audit_ != nullptr) audit_->Close();
    if (leader_) leader_->Release();
  }

  const Store& Pods() { return cache_.StoreFor(kHomeCluster, kPods.type); }
  std::vector<const Controller*> Controllers() const {
    std::vector<const Controller*> all;
    for (const auto& runner : runners_) all.push_back(&runner->Spec());
    return all;
  }

  AdminPages Pages() {
    return {[this] { return NotAlive(); }, [this] { return NotReady(); },
            [this] { return RenderMetrics(); },
            [this](const std::string& name) { return Dump(name); }};
  }

 private:
  std::chrono::milliseconds MayWriteFor() const {
    if (!config_.leader_elect) return Client::kDefaultDeadline;
    return leader_ ? leader_->LeadsFor() : std::chrono::milliseconds(0);
  }

  void StartWhatIsReady() {
    for (auto& runner : runners_) {
      if (runner->Started() || !wiring_.Synced(*runner)) continue;
      log::Info("working", {{"kind", runner->Spec().kind.type.kind}});
      runner->Start();
    }
  }

  std::string NotReady() const {
    std::string kinds;
    for (const auto& type : cache_.Unsynced()) kinds += " " + std::string(type.plural);
    return kinds.empty() ? "" : "not listed yet (the log says why):" + kinds;
  }

  std::string NotAlive() const {
    if (client_.Frozen()) return "the API server's address leads to another cluster than before";
    for (const auto& runner : runners_) {
      const auto since = runner->OldestPass();
      if (since && clock_.Steady() - *since > kStuck)
        return runner->Spec().name + ": a pass does not end";
    }
    return {};
  }

  std::string RenderMetrics() const {
    std::size_t waiting = 0;
    for (const auto& runner : runners_) waiting += runner->Queue().Waiting();
    metrics_.QueueDepth().Set(static_cast<double>(waiting));
    return metrics_.Render();
  }

  std::string Dump(const std::string& name) const {
    nlohmann::json dump = nlohmann::json::object();
    if (name == "config") return DescribeConfig(config_);
    if (name == "queue") {
      for (const auto& runner : runners_) {
        dump[runner->Spec().name] = {{"waiting", runner->Queue().Waiting()},
                                     {"working", runner->Queue().Working()}};
      }
      return dump.dump(2);
    }
    if (name == "cache") {
      for (const Store* store : cache_.Stores()) {
        dump[store->Cluster().name][std::string(store->Type().plural)] = {
            {"objects", store->Size()}, {"synced", store->Synced()}};
      }
      return dump.dump(2);
    }
    return {};
  }

  const Config& config_;
  Metrics& metrics_;
  const Clock& clock_;
  Client& client_;
  Client& lease_client_;
  const std::string identity_;
  AuditLog* const audit_;
  Cache cache_;
  WriteBarrier barrier_;
  std::unique_ptr<Leader> leader_;
  Executor executor_;
  EventRecorder events_;
  std::vector<std::unique_ptr<Runner>> runners_;
  Wiring wiring_;
};

int Complain(const Error& error) {
  std::cerr << error.message << "\n";
  return kExitConfig;
}

/// The audit log of this process, or nullptr when none is wanted.
Result<std::unique_ptr<AuditLog>> OpenAuditLog(const std::string& path, const std::string& identity,
                                               Metrics& metrics, const Clock& clock) {
  if (path.empty()) return std::unique_ptr<AuditLog>();
  auto file = AuditFile::Open(path, identity + ".jsonl");
  if (!file) return tl::unexpected(file.error());
  const auto shared = std::make_shared<AuditFile>(std::move(*file));
  return std::make_unique<AuditLog>(
      [shared](std::string_view text, std::string& why) { return shared->Append(text, why); },
      identity, metrics, clock);
}

int RunOperator(const Config& config, const sigset_t& stop_signals) {
  log::SetLevel(config.log_level);
  InitTransportLibrary();
  SystemClock clock;
  Metrics metrics(clock);
  const auto cluster_config = LoadClusterConfig(config.kubeconfig, config.context);
  if (!cluster_config) return Complain(cluster_config.error());
  auto client = Connect(*cluster_config, 96, metrics, clock);
  if (!client) return Complain(client.error());
  auto lease_client = Connect(*cluster_config, 2, metrics, clock);
  if (!lease_client) return Complain(lease_client.error());

  const std::string identity = Identity();
  const auto audit = OpenAuditLog(config.audit_log, identity, metrics, clock);
  if (!audit) return Complain(audit.error());
  Operator slipway(config, **client, **lease_client, metrics, clock, identity, audit->get());
  auto admin = AdminServer::Start(config.admin_address, slipway.Pages());
  if (!admin) return Complain(admin.error());
  // Their own connections, so that pods cannot hold up what the operator does itself.
  auto report_client = Connect(*cluster_config, 8, metrics, clock);
  if (!report_client) return Complain(report_client.error());
  ReportDesk desk(slipway.Pods(), slipway.Controllers(), **report_client, clock);
  TriggerDesk triggers(slipway.Controllers(), **report_client, clock);
  // Before the reports and until after them: who reaches the one must never miss the other.
  Result<std::unique_ptr<probe::Canary>> canary;
  if (!config.canary_address.empty()) canary = probe::Canary::Start(config.canary_address);
  if (!canary) return Complain(canary.error());
  Result<std::unique_ptr<ReportServer>> reports;
  if (!config.report_address.empty()) {
    reports = ReportServer::Start(config.report_address, desk, triggers);
  }
  if (!reports) return Complain(reports.error());
  const auto cluster = (*client)->ClusterUid();
  log::Info("started", {{"version", SLIPWAY_VERSION},
                        {"admin", config.admin_address},
                        {"cluster", cluster ? *cluster : cluster.error().message}});
  if (*audit && cluster) (*audit)->SetCluster(*cluster);
  slipway.Run(stop_signals);
  return 0;
}

/// The settings of flags, environment and file, or what is wrong with them.
Result<Config> Configure(const std::map<std::string, std::string>& flags, std::string file) {
  std::vector<ConfigSource> sources{{"flag", flags, {}, {}, {}}, ReadEnvironment(&std::getenv)};
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet.
  if (const char* named = std::getenv("SLIPWAY_CONFIG"); file.empty() && named != nullptr) {
    file = named;
  }
  if (!file.empty()) {
    auto read = ReadConfigFile(file);
    if (!read) return tl::unexpected(read.error());
    sources.push_back(std::move(*read));
  }
  return MakeConfig(sources);
}

/// What the operator's own pods are started with.
struct PodCommands {
  CLI::App* run = nullptr;
  CLI::App* drift = nullptr;
  std::string config_file;
  std::map<std::string, std::string> flags;
  CLI::App* mirror = nullptr;
  drift_monitor::EvaluateDriftOptions drift_options;
  mirror::MirrorModelOptions mirror_options;
  worker::Commands worker;
  probe::Commands probe;
  verify::Commands verify;

  void AddTo(CLI::App& app) {
    run = app.add_subcommand("run", "Reconcile custom resources: train, serve, watch");
    run->add_option("--config", config_file, "YAML file with the settings below");
    for (const auto& key : ConfigKeys()) {
      run->add_option_function<std::string>(
          std::string(key.flag),
          [this, name = std::string(key.key)](const std::string& value) { flags[name] = value; },
          std::string(key.help));
    }
    drift = app.add_subcommand("evaluate-drift", "Compare a sample with its reference");
    drift->add_option("--reference", drift_options.reference, "File")->required();
    drift->add_option("--sample", drift_options.sample, "File")->required();
    drift->add_option("--spec", drift_options.spec, "What to compute, as JSON")->required();
    drift->add_option("--output", drift_options.output, "Where the report goes, as JSON");
    mirror = app.add_subcommand("mirror-model", "Copy a ModelVersion to MLflow");
    mirror->add_option("--tracking-uri", mirror_options.tracking_uri, "Address of the server");
    // Without extra arguments a piece is never taken for a list, whatever brackets it has.
    mirror->add_option("--record", mirror_options.record, "The ModelVersion as JSON, in pieces")
        ->allow_extra_args(false)
        ->required();
    mirror->add_option("--output", mirror_options.output, "Where the report goes, as JSON");
    worker.AddTo(app);
    probe.AddTo(app);
  }

  int Run() {
    if (verify.Parsed() || mirror->parsed() || worker.Parsed() || probe.Parsed()) {
      // The first process of a container is not ended by a signal that it has no handler for.
      std::signal(SIGTERM, [](int) { _exit(128 + SIGTERM); });
      if (verify.Parsed()) return verify.Run(std::cout, std::cerr);
      if (probe.Parsed()) return probe.Run(std::cout, std::cerr);
      return mirror->parsed() ? mirror::RunMirrorModel(mirror_options, std::cout)
                              : worker.Run(std::cout);
    }
    const sigset_t stop_signals = BlockStopSignals();
    if (drift->parsed()) return drift_monitor::RunEvaluateDrift(drift_options, std::cout);
    const auto config = Configure(flags, config_file);
    return config ? RunOperator(*config, stop_signals) : Complain(config.error());
  }
};

int Main(int argc, char** argv) {
  const bool plugin = argc > 0 && cli::IsPlugin(argv[0]);
  CLI::App app{"Slipway: the life of machine-learning models on Kubernetes",
               plugin ? "kubectl slipway" : "slipway"};
  app.set_version_flag("--version", SLIPWAY_VERSION);
  app.require_subcommand(1);
  cli::Commands commands(app);
  auto* version = app.add_subcommand("version", "Print the version");
  PodCommands pod_commands;
  pod_commands.verify.AddTo(app, /*for_people=*/plugin);
  if (!plugin) pod_commands.AddTo(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitConfig;
  }
  if (version->parsed()) {
    std::cout << "slipway " << SLIPWAY_VERSION << "\n";
    return 0;
  }
  if (const auto code = commands.Run(std::cin, std::cout, std::cerr)) return *code;
  return pod_commands.Run();
}

}  // namespace
}  // namespace slipway

int main(int argc, char** argv) {
  try {
    return slipway::Main(argc, argv);
  } catch (const std::exception& problem) {  // Such as a limit of threads or memory.
    std::cerr << "slipway cannot run: " << problem.what() << "\n";
    return 1;
  }
}
