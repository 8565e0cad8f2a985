#include "operator/cli/commands.hpp"

#include <CLI/CLI.hpp>
#include <istream>
#include <ostream>
#include <string>

#include "crds/gen/embedded.hpp"
#include "operator/base/log.hpp"
#include "operator/cli/audit_report.hpp"
#include "operator/cli/audit_verify.hpp"
#include "operator/cli/images.hpp"
#include "operator/cli/plan.hpp"
#include "operator/cli/preflight.hpp"
#include "operator/cli/read_cluster.hpp"
#include "operator/cli/read_world.hpp"
#include "operator/cli/status.hpp"
#include "operator/cli/text.hpp"
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

void AddCluster(CLI::App& command, Where& where) {
  command.add_option("--context", where.context, "Context of the kubeconfig");
  command.add_option("--kubeconfig", where.kubeconfig, "Kubeconfig file; by default $KUBECONFIG");
  command.add_option("--operator-namespace", where.operator_ns, "Namespace of the operator")
      ->capture_default_str();
}

void AddLease(CLI::App& command, Where& where) {
  command.add_option("--lease-name", where.lease, "Name of the operator's Lease")
      ->capture_default_str();
}

void AddWhere(CLI::App& command, Where& where) {
  command.add_option("KIND/NAME", where.first, "Such as tj/churn, tt/churn, md/churn or dm/churn")
      ->required();
  command.add_option("NAME", where.second, "The name, when it stands apart: tj churn");
  command.add_option("-n,--namespace", where.ns, "Namespace; by default that of the context");
  AddCluster(command, where);
  AddLease(command, where);
}

int Complain(std::ostream& problems, const Error& error, int code) {
  problems << "error: " << error.message << "\n";
  return code;
}

/// The cluster that is meant, as long as somebody reads of it.
struct Connection {
  SystemClock clock;
  Metrics metrics{clock};
  ClusterConfig config;
  std::unique_ptr<Client> client;

  Result<void> Open(const Where& where) {
    InitTransportLibrary();
    auto cluster = LoadClusterConfig(where.kubeconfig, where.context);
    if (!cluster) return tl::unexpected(cluster.error());
    config = std::move(*cluster);
    auto connected = Connect(config, 4, metrics, clock);
    if (!connected) return tl::unexpected(connected.error());
    client = std::move(*connected);
    return {};
  }
};

Result<World> Read(Where& where, const Target& target) {
  Connection connection;
  if (const auto open = connection.Open(where); !open) return tl::unexpected(open.error());
  const std::string& ns = connection.config.ns;
  if (where.ns.empty()) where.ns = ns.empty() ? "default" : ns;
  return ReadWorld(*connection.client, target, where.ns,
                   {kHomeCluster, where.operator_ns, where.lease}, connection.clock.Now());
}

}  // namespace

/// `images` and `preflight`, which are about a whole installation.
struct Survey {
  CLI::App* images = nullptr;
  CLI::App* preflight = nullptr;
  std::vector<std::string> files;
  std::vector<std::string> mirrors;
  bool all_namespaces = false;
  ImagesOptions options;
  std::string output;
  Where where;

  void AddTo(CLI::App& app) {
    images = app.add_subcommand("images", "List the images of an installation and its workloads");
    images->add_option("-f,--filename", files, "File, folder, or - for stdin; no cluster is asked");
    auto* all = images->add_flag("-A,--all-namespaces", all_namespaces,
                                 "All namespaces; so it is by default");
    images->add_option("-n,--namespace", where.ns, "Namespace; of objects that name none, with -f")
        ->excludes(all);
    images->add_option("-o,--output", options.output, "name, json, skopeo, oc-mirror or wide")
        ->check(CLI::IsMember({"name", "json", "skopeo", "oc-mirror", "wide"}));
    images->add_option("--mirror", mirrors, "SOURCE=MIRROR: show the names there; may be repeated")
        ->allow_extra_args(false);
    images->add_flag("--require-digest", options.require_digest,
                     "Exit code 1 if one has no digest");
    images->footer(
        "Exit codes: 0 the list is complete, 1 it is not, or a digest is missing, 2 usage");
    AddCluster(*images, where);
    preflight = app.add_subcommand("preflight", "Say whether the cluster can run Slipway");
    preflight->add_option("-f,--filename", files, "Manifests of what is going to run there");
    preflight->add_option("-o,--output", output, "json: for programs")
        ->check(CLI::IsMember({"json"}));
    preflight->footer(
        "Exit codes: 0 nothing is in the way, 3 something is, or could not be looked "
        "at, 1 error, 2 usage");
    AddCluster(*preflight, where);
  }

  bool Parsed() const { return images->parsed() || preflight->parsed(); }

  int Run(std::istream& input, std::ostream& out, std::ostream& problems) {
    log::SetLevel(log::Level::kError);
    for (const std::string& text : mirrors) {
      const auto mirror = ParseMirror(text);
      if (!mirror) return Complain(problems, mirror.error(), kExitUsage);
      options.mirrors.push_back(*mirror);
    }
    const bool names_sources = options.output == "skopeo" || options.output == "oc-mirror";
    if (names_sources && !mirrors.empty()) {
      problems << "error: --mirror: -o " << options.output << " names what is copied; where to is "
               << "said to that program\n";
      return kExitUsage;
    }
    const auto crds = crdgen::EmbeddedCrds();
    if (!crds) return Complain(problems, crds.error(), kExitError);
    const std::string ns = where.ns.empty() ? "default" : where.ns;
    const Manifests manifests = ReadManifests(*crds, files, input, ns, SystemClock().Now());
    if (images->parsed() && !files.empty()) return Show(*crds, manifests, out, problems);
    Connection connection;
    if (const auto open = connection.Open(where); !open) {
      return Complain(problems, open.error(), kExitError);
    }
    if (const auto reached = Reach(*connection.client); !reached) {
      return Complain(problems, reached.error(), kExitError);
    }
    const Scope scope{where.ns, where.operator_ns};
    const Installation installation = ReadInstallation(*connection.client, *crds, scope);
    if (images->parsed()) {
      return Show(*crds, {installation.objects, Gaps(installation, scope)}, out, problems);
    }
    const Facts facts = ReadFacts(*connection.client, scope, installation, connection.clock);
    return Judge(*crds, facts, installation, manifests, out, problems);
  }

 private:
  int Show(const std::vector<crdgen::Crd>& crds, const Manifests& manifests, std::ostream& out,
           std::ostream& problems) const {
    ImageList list = ListImages(crds, manifests.objects);
    list.problems.insert(list.problems.begin(), manifests.problems.begin(),
                         manifests.problems.end());
    return ShowImages(list, options, out, problems);
  }

  /// What is installed and what is going to be are looked at as one.
  int Judge(const std::vector<crdgen::Crd>& crds, Facts facts, const Installation& installation,
            const Manifests& manifests, std::ostream& out, std::ostream& problems) const {
    for (const std::string& problem : manifests.problems) {
      problems << "error: " << Line(problem) << "\n";
    }
    std::vector<nlohmann::json> objects = installation.objects;
    objects.insert(objects.end(), manifests.objects.begin(), manifests.objects.end());
    facts.images = ListImages(crds, objects);
    facts.used_namespaces = NamespacesOf(objects);
    const auto checks = Preflight(facts, crds, SLIPWAY_VERSION);
    out << (output == "json" ? PreflightJson(checks).dump(2) + "\n" : PreflightText(checks));
    if (!manifests.problems.empty()) return kExitError;
    return Passed(checks) ? kExitFine : kExitCause;
  }
};

/// `audit verify`, which is about what the operator has done.
struct AuditVerifyCommand {
  CLI::App* verify = nullptr;
  AuditVerifyOptions verify_options;
  Where where;

  void AddTo(CLI::App& audit) {
    verify = audit.add_subcommand("verify", "Name records that were dropped, edited or moved");
    verify->add_option("FILE", verify_options.files,
                       "Logs with records, in any order, or - for stdin, which is the default");
    auto* head = verify->add_option("--head", verify_options.head,
                                    "CHAIN:SEQ:HASH: how far the log has come, instead of asking "
                                    "the operator's Lease");
    verify
        ->add_flag("--offline", verify_options.offline,
                   "Ask no cluster: records dropped at the end are not found")
        ->excludes(head);
    verify->footer("Exit codes: 0 all is as it was written, 1 it is not, or error, 2 usage");
    AddCluster(*verify, where);
    AddLease(*verify, where);
  }

  bool Parsed() const { return verify->parsed(); }

  int Run(std::istream& input, std::ostream& out, std::ostream& problems) {
    log::SetLevel(log::Level::kError);
    std::optional<audit::Head> head;
    if (!verify_options.head.empty()) {
      head = audit::ParseHead(verify_options.head);
      if (!head) {
        problems << "error: --head: must be CHAIN:SEQ:HASH, as in the annotation "
                 << audit::kHeadAnnotation << " of the Lease\n";
        return kExitUsage;
      }
    } else if (!verify_options.offline) {
      // Before the log: what it says is in the log by then, and more may be.
      Connection connection;
      if (const auto open = connection.Open(where); !open) {
        return Complain(problems, open.error(), kExitError);
      }
      const auto read =
          ReadAuditHead(*connection.client, {kHomeCluster, where.operator_ns, where.lease});
      if (!read) return Complain(problems, read.error(), kExitError);
      head = *read;
    }
    return RunAuditVerify(verify_options, head, input, out, problems);
  }
};

/// `audit report`, which is about what isolates a cluster.
struct AuditReportCommand {
  CLI::App* report = nullptr;
  AuditReportOptions options;
  Where where;

  void AddTo(CLI::App& audit) {
    report = audit.add_subcommand("report", "Say what isolates the cluster, and what proves it");
    report->add_option("--policy", options.policy, "Only the namespaces of this IsolationPolicy");
    report->add_option("--key", options.key,
                       "Private key in PEM to sign it with; with --verify the public one");
    report->add_option("--verify", options.verify, "Check and show a signed report; needs --key");
    report->add_option("-o,--output", options.output, "text or json; by default json when signed")
        ->check(CLI::IsMember({"text", "json"}));
    report->footer(
        "Exit codes: 0 fine, 1 it is not complete, or was changed since it was signed, 2 usage");
    AddCluster(*report, where);
  }

  int Run(std::ostream& out, std::ostream& problems) {
    log::SetLevel(log::Level::kError);
    if (const std::string why = WhyNoReport(options); !why.empty()) {
      problems << "error: " << why << "\n";
      return kExitUsage;
    }
    if (!options.verify.empty()) return VerifyReport(options, out, problems);
    Connection connection;
    if (const auto open = connection.Open(where); !open) {
      return Complain(problems, open.error(), kExitError);
    }
    if (const auto reached = Reach(*connection.client); !reached) {
      return Complain(problems, reached.error(), kExitError);
    }
    return MakeReport(*connection.client, where.operator_ns, options, connection.clock, out,
                      problems);
  }
};

struct Commands::State {
  CLI::App* plan = nullptr;
  CLI::App* status = nullptr;
  CLI::App* why = nullptr;
  PlanOptions plan_options;
  std::string plan_output;
  std::string status_output;
  Where where;
  Survey survey;
  AuditVerifyCommand audit_verify;
  AuditReportCommand audit_report;

  int Plan(std::istream& input, std::ostream& out, std::ostream& problems) {
    if (plan_output == "yaml") plan_options.output = Output::kYaml;
    if (plan_output == "json") plan_options.output = Output::kJson;
    return RunPlan(plan_options, input, out, problems, SystemClock().Now());
  }

  /// `status` or `why`.
  int Look(std::ostream& out, std::ostream& problems) {
    log::SetLevel(log::Level::kError);
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
  state.survey.AddTo(app);
  auto* audit =
      app.add_subcommand("audit", "Show auditors what was done, and what isolates a cluster");
  audit->require_subcommand(1);
  state.audit_verify.AddTo(*audit);
  state.audit_report.AddTo(*audit);
}

Commands::~Commands() = default;

std::optional<int> Commands::Run(std::istream& input, std::ostream& out, std::ostream& problems) {
  if (state_->plan->parsed()) return state_->Plan(input, out, problems);
  if (state_->status->parsed() || state_->why->parsed()) return state_->Look(out, problems);
  if (state_->survey.Parsed()) return state_->survey.Run(input, out, problems);
  if (state_->audit_verify.Parsed()) return state_->audit_verify.Run(input, out, problems);
  if (state_->audit_report.report->parsed()) return state_->audit_report.Run(out, problems);
  return std::nullopt;
}

}  // namespace slipway::cli
