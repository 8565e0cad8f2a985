#include "operator/cli/commands.hpp"

#include <CLI/CLI.hpp>
#include <istream>
#include <ostream>
#include <string>

#include "operator/base/log.hpp"
#include "operator/cli/plan.hpp"
#include "operator/cli/read_world.hpp"
#include "operator/cli/status.hpp"
#include "operator/cli/why.hpp"
#include "operator/kube/connect.hpp"

namespace slipway::cli {
namespace {

/// How kubectl is told which cluster is meant.
struct Where {
  std::string kubeconfig;
  std::string context;
  std::string ns;
  std::string operator_ns = "slipway-system";
  std::string lease = "slipway";
  std::string first;   ///< KIND/NAME, or KIND alone.
  std::string second;  ///< NAME, if it stands apart.

  std::string Target() const { return second.empty() ? first : first + "/" + second; }
};

void AddWhere(CLI::App& command, Where& where) {
  command.add_option("KIND/NAME", where.first, "Such as tj/churn, tt/churn, md/churn or dm/churn")
      ->required();
  command.add_option("NAME", where.second, "The name, when it stands apart: tj churn");
  command.add_option("-n,--namespace", where.ns, "Namespace; by default that of the context");
  command.add_option("--context", where.context, "Context of the kubeconfig");
  command.add_option("--kubeconfig", where.kubeconfig, "Kubeconfig file; by default $KUBECONFIG");
  command
      .add_option("--operator-namespace", where.operator_ns, "Namespace of the operator's Lease")
      ->capture_default_str();
  command.add_option("--lease-name", where.lease, "Name of the operator's Lease")
      ->capture_default_str();
}

int Complain(std::ostream& problems, const Error& error, int code) {
  problems << "error: " << error.message << "\n";
  return code;
}

Result<World> Read(Where& where, const Target& target) {
  auto cluster = LoadClusterConfig(where.kubeconfig, where.context);
  if (!cluster) return tl::unexpected(cluster.error());
  const SystemClock clock;
  Metrics metrics(clock);
  const auto client = Connect(*cluster, 4, metrics, clock);
  if (!client) return tl::unexpected(client.error());
  if (where.ns.empty()) where.ns = cluster->ns.empty() ? "default" : cluster->ns;
  return ReadWorld(**client, target, where.ns, {kHomeCluster, where.operator_ns, where.lease},
                   clock.Now());
}

}  // namespace

struct Commands::State {
  CLI::App* plan = nullptr;
  CLI::App* status = nullptr;
  CLI::App* why = nullptr;
  PlanOptions plan_options;
  std::string plan_output;
  std::string status_output;
  Where where;

  int Plan(std::istream& input, std::ostream& out, std::ostream& problems) {
    if (plan_output == "yaml") plan_options.output = Output::kYaml;
    if (plan_output == "json") plan_options.output = Output::kJson;
    return RunPlan(plan_options, input, out, problems, SystemClock().Now());
  }

  /// `status` or `why`.
  int Look(std::ostream& out, std::ostream& problems) {
    log::SetLevel(log::Level::kError);
    InitTransportLibrary();
    const auto target = ParseTarget(where.Target());
    if (!target) return Complain(problems, target.error(), kExitUsage);
    const auto world = Read(where, *target);
    if (!world) return Complain(problems, world.error(), kExitError);
    if (status->parsed()) {
      out << (status_output == "json" ? StatusJson(*world).dump(2) + "\n" : StatusText(*world));
      return kExitFine;
    }
    const Diagnosis diagnosis = Diagnose(*world);
    out << DiagnosisText(diagnosis);
    return diagnosis.findings.empty() ? kExitFine : kExitCause;
  }
};

bool IsPlugin(std::string_view program) {
  return program.substr(program.rfind('/') + 1) == "kubectl-slipway";
}

Commands::Commands(CLI::App& app) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.plan = app.add_subcommand("plan", "Show what manifests would create, without a cluster");
  state.plan->add_option("-f,--filename", state.plan_options.files, "File, folder, or - for stdin")
      ->required();
  state.plan
      ->add_option("-n,--namespace", state.plan_options.ns, "Namespace of objects that name none")
      ->capture_default_str();
  state.plan->add_option("-o,--output", state.plan_output, "yaml or json: the whole objects")
      ->check(CLI::IsMember({"yaml", "json"}));
  state.status = app.add_subcommand("status", "Show conditions, pods and what has happened");
  state.status->add_option("-o,--output", state.status_output, "json: all of it, for programs")
      ->check(CLI::IsMember({"json"}));
  state.why = app.add_subcommand("why", "Say why it is not running or ready, and the way out");
  state.why->footer("Exit codes: 0 nothing is in the way, 3 a cause was found, 1 error, 2 usage");
  AddWhere(*state.status, state.where);
  AddWhere(*state.why, state.where);
}

Commands::~Commands() = default;

std::optional<int> Commands::Run(std::istream& input, std::ostream& out, std::ostream& problems) {
  if (state_->plan->parsed()) return state_->Plan(input, out, problems);
  if (state_->status->parsed() || state_->why->parsed()) return state_->Look(out, problems);
  return std::nullopt;
}

}  // namespace slipway::cli
