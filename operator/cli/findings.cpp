#include "operator/cli/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "controllers/training_job/kind.hpp"
#include "operator/cli/fit.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;
using std::chrono::seconds;

/// The operator renews every two seconds; the rest is for clocks that differ.
constexpr seconds kLeaseIsOld{60};
/// An operator that runs has looked at a new object by then.
constexpr seconds kFreshFor{10};

/// What FIELDS are called in the kind, for "correct FIELDS".
std::string Correct(const World& world, std::string_view field) {
  if (world.kind == "TrainingJob") {
    return fmt::format(
        "set spec.suspend to true, correct spec.trainer.{}, and set it to false again", field);
  }
  if (world.kind == "ModelDeployment") return fmt::format("correct spec.variants[].{}", field);
  return "have the operator's administrator look at it: the pod runs the operator's own image";
}

struct Advice {
  std::string_view reason;
  std::string_view text;
};
constexpr std::array kAdvice{
    Advice{
        "NameConflict",
        "delete or rename the object that is in the way, or recreate this one under another name"},
    Advice{"QuotaExceeded", "have the quota raised, ask for less, or wait until others have ended"},
    Advice{"Forbidden",
           "have the operator's rights looked at: the chart's roles, config.watchNamespaces, and "
           "admission policies of the namespace"},
    Advice{"KindNotServed",
           "have that kind installed, or the setting of the operator that asks for it changed, "
           "such as config.gangScheduler"},
    Advice{"IsolationPending", "nothing, unless it stays: `kubectl get iso` shows what is missing"},
    Advice{"IsolationUnprovable",
           "have reports and the canary of the operator turned on (reports.enabled), or "
           "spec.network.verify.probe of the IsolationPolicy set to Off"},
    Advice{"ImageNotAllowed",
           "use an image that the IsolationPolicy allows, or have its registry added there"},
    Advice{"ImageNotSigned",
           "use an image that is signed, or have its signature carried into the operator's "
           "namespace: docs/operations.md, signed images"},
    Advice{"ArtifactNotAllowed",
           "serve a model that the IsolationPolicy allows, or have its rule changed"},
    Advice{"ModelCorrupt",
           "put back what was registered, or name the ModelVersion of what is there"},
    Advice{"ModelUnreadable", "correct what it says, or model.subPath"},
    Advice{"PolicyUnreadable", "have the operator upgraded to the version of the CRDs"},
    Advice{"WriteFailed", "nothing, unless it stays: look at the API server then"},
    Advice{"NamespaceTerminating", "create the object in another namespace"},
    Advice{"DeadlineExceeded", "create a new job with a longer spec.activeDeadlineSeconds"},
    Advice{"UnknownRuntime",
           "correct spec.variants[].runtime.name, or have it added to config.runtimes of the "
           "operator"},
    Advice{"WorkerImageMissing", "set the operator's workerImage"},
    Advice{"EvaluationFailed",
           "correct the data or its path; it is tried again at the next interval"},
    Advice{"AutoscalerPending", "wait; when it stays, look whether metrics-server runs"},
};

/// Who owns a field of the spec, by metadata.managedFields.
const json& ManagerOf(const json& object, std::string_view field) {
  static const json kNobody;
  for (const json& entry : List(object, {"metadata", "managedFields"})) {
    const json& fields = At(entry, {"fieldsV1", "f:spec"});
    if (fields.is_object() && fields.contains("f:" + std::string(field))) return entry;
  }
  return kNobody;
}

std::vector<std::string> Facts(const std::string& text) {
  return text.empty() ? std::vector<std::string>{} : std::vector{Line(text)};
}

}  // namespace

std::string WayOut(const World& world, std::string_view reason) {
  if (reason == "ImagePullFailed" && world.kind == "DriftMonitor") {
    return "have workerImage of the operator made available to the nodes of the cluster";
  }
  if (reason == "ImagePullFailed") {
    return Correct(world, "image") + ", or add podTemplate.imagePullSecrets for its registry";
  }
  if (reason == "ContainerConfigFailed" || reason == "ContainerStartFailed") {
    return "create what is missing, or " + Correct(world, "command, env or podTemplate");
  }
  if (reason == "InvalidPodTemplate") return Correct(world, "podTemplate");
  if (reason == "BackoffLimitExceeded" || reason == "FailurePolicy") {
    return "look at the log of the pod, correct what it says, and create a new job";
  }
  if (reason == "ProgressDeadlineExceeded") return Correct(world, "image or model");
  const auto known = std::ranges::find(kAdvice, reason, &Advice::reason);
  return known == kAdvice.end() ? "" : std::string(known->text);
}

Finding FromCondition(const World& world, const json& condition) {
  const std::string reason = Text(condition, {"reason"});
  const std::string message = Line(Text(condition, {"message"}));
  return {message.empty() ? reason : message, Facts("reason: " + reason), "",
          WayOut(world, reason)};
}

std::optional<Finding> NotForUs(const World& world) {
  if (const auto deleted = Time(world.resource, {"metadata", "deletionTimestamp"})) {
    Finding finding{fmt::format("it is being deleted since {}", Age(deleted, world.now)),
                    {},
                    "its finalizers",
                    "whoever set the finalizers has to remove them"};
    for (const json& one : List(world.resource, {"metadata", "finalizers"})) {
      finding.facts.push_back("finalizer: " + Line(Plain(one)));
    }
    if (!finding.facts.empty()) return finding;
    finding.waits_for = "garbage collection of its children";
    finding.way_out = "none is needed";
    return finding;
  }
  const std::string manager = Text(world.resource, {"spec", "managedBy"});
  if (manager.empty() || manager == training_job::kManager) return std::nullopt;
  return Finding{fmt::format("spec.managedBy leaves it to another controller: {}", Line(manager)),
                 {},
                 "that controller",
                 "ask it; for Slipway, create a new job without spec.managedBy"};
}

std::string OperatorTrouble(const World& world) {
  if (!world.lease) return "";
  const std::string holder = Line(Text(*world.lease, {"spec", "holderIdentity"}));
  const auto renewed = Time(*world.lease, {"spec", "renewTime"});
  if (holder.empty()) {
    return fmt::format("the operator does not run: nobody holds the Lease {}", world.lease_name);
  }
  if (renewed && world.now - *renewed <= kLeaseIsOld) return "";
  return fmt::format("the operator does not run: {} renewed the Lease {} last, {} ago", holder,
                     world.lease_name, Age(renewed, world.now));
}

std::optional<Finding> Unobserved(const World& world) {
  const std::int64_t generation = Number(world.resource, {"metadata", "generation"});
  const std::int64_t observed = Number(world.resource, {"status", "observedGeneration"});
  const bool has = At(world.resource, {"status", "observedGeneration"}).is_number_integer();
  if (has && observed >= generation) return std::nullopt;
  const std::string what = has && observed > 0 ? "the newest change of its spec" : "it";
  const std::string space = world.lease_name.substr(0, world.lease_name.find('/'));
  const std::string look =
      fmt::format("kubectl -n {0} get pods,lease; kubectl -n {0} logs deployment/slipway", space);
  if (const std::string trouble = OperatorTrouble(world); !trouble.empty()) {
    return Finding{trouble, {"nobody has looked at " + what + " yet"}, "the operator", look};
  }
  const auto created = Time(world.resource, {"metadata", "creationTimestamp"});
  if (created && world.now - *created < kFreshFor) {
    return Finding{fmt::format("the operator has not looked at {} yet", what),
                   {},
                   "the operator, some seconds",
                   "look again"};
  }
  const std::string ask =
      "is Slipway installed, and is the namespace among its config.watchNamespaces? " + look;
  if (world.lease) {
    return Finding{fmt::format("the operator runs, but has not looked at {} yet", what),
                   {},
                   "the operator, some seconds",
                   "look again; if it stays so: " + ask};
  }
  Finding finding{fmt::format("no operator has looked at {}", what), {}, "the operator", ask};
  if (!world.unread.contains("lease")) {
    finding.facts.push_back(fmt::format("there is no Lease {}", world.lease_name));
  }
  return finding;
}

std::optional<Finding> Suspended(const World& world) {
  if (!Flag(world.resource, {"spec", "suspend"})) return std::nullopt;
  Finding finding{
      "it is suspended: spec.suspend is true",
      {},
      "somebody who sets it to false",
      fmt::format("kubectl patch {} --type=merge -p '{{\"spec\":{{\"suspend\":false}}}}'",
                  world.Handle())};
  const json& manager = ManagerOf(world.resource, "suspend");
  if (manager.is_object()) {
    finding.facts.push_back(fmt::format("set by {}, {} ago", Line(Text(manager, {"manager"})),
                                        Age(Time(manager, {"time"}), world.now)));
    finding.way_out += "; when a queue or another program set it, wait for that";
  }
  return finding;
}

std::optional<Finding> Barred(const World& world) {
  constexpr std::array kBarred{
      Advice{"KindNotServed", "the cluster does not know a kind that its objects are of"},
      Advice{"QuotaExceeded", "the quota of the namespace does not let its objects be made"},
      Advice{"Forbidden", "the operator may not make its objects"},
      Advice{"IsolationPending", "what isolates its namespace is not in place yet"},
      Advice{"NamespaceTerminating", "the namespace is being deleted"},
      Advice{"WriteFailed", "the API server does not take its objects"}};
  for (const char* type : {"Reconciling", "Ready"}) {
    const json& condition = Condition(world.resource, type);
    const auto known = std::ranges::find(kBarred, Text(condition, {"reason"}), &Advice::reason);
    if (known == kBarred.end()) continue;
    Finding finding{std::string(known->text), Facts(Text(condition, {"message"})),
                    "the API server; it is asked again every minute", WayOut(world, known->reason)};
    if (known->reason == "NamespaceTerminating") finding.waits_for.clear();
    // In the words of the API server: "ValidatingAdmissionPolicy 'x' ... denied request".
    if (known->reason == "Forbidden" &&
        Text(condition, {"message"}).find("ValidatingAdmissionPolicy '") != std::string::npos) {
      finding.cause = "a policy of the cluster refuses its objects";
      finding.way_out =
          "correct what the policy's words name, or have who runs the platform change it";
    }
    if (known->reason == "IsolationPending") {
      finding.waits_for = "the NetworkPolicy that isolates it, which the operator makes";
    }
    return finding;
  }
  return std::nullopt;
}

}  // namespace slipway::cli
