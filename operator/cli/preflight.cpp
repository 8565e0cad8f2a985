#include "operator/cli/preflight.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "operator/cli/image_text.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/preflight_checks.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

std::string_view Word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk: return "ok";
    case Verdict::kWarn: return "warn";
    case Verdict::kFail: return "FAIL";
    case Verdict::kUnknown: return "unknown";
  }
  return "unknown";
}

std::size_t CountOf(const std::vector<Check>& checks, Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(checks, verdict, &Check::verdict));
}

}  // namespace

const std::vector<NeededApi>& NeededApis() {
  constexpr std::string_view kUpgrade = "this cluster is older than Kubernetes 1.29; upgrade it";
  static const std::vector<NeededApi> kApis{
      {"apps/v1", "deployments", kUpgrade},
      {"autoscaling/v2", "horizontalpodautoscalers", kUpgrade},
      {"policy/v1", "poddisruptionbudgets", kUpgrade},
      {"coordination.k8s.io/v1", "leases", kUpgrade},
      {"events.k8s.io/v1", "events", kUpgrade},
      {"apiextensions.k8s.io/v1", "customresourcedefinitions", kUpgrade},
      {"rbac.authorization.k8s.io/v1", "clusterroles", "start the API server with RBAC"},
      {"authentication.k8s.io/v1", "tokenreviews",
       "without it no reports are taken; install with --set reports.enabled=false"},
      {"authorization.k8s.io/v1", "subjectaccessreviews",
       "without it no reports are taken; install with --set reports.enabled=false"},
      {"flowcontrol.apiserver.k8s.io/v1", "flowschemas",
       "upgrade to Kubernetes 1.29, or install with --set flowControl.enabled=false"},
      {"networking.k8s.io/v1", "networkpolicies", "nothing can be isolated without it; upgrade"},
      {"admissionregistration.k8s.io/v1", "validatingadmissionpolicies",
       "upgrade to Kubernetes 1.30; before it nothing refuses images and pods on admission"},
  };
  return kApis;
}

std::vector<Check> Preflight(const Facts& facts, const std::vector<crdgen::Crd>& crds,
                             std::string_view version) {
  std::vector<Check> checks;
  AddRights(facts, checks);
  AddServer(facts, checks);
  AddApis(facts, checks);
  AddDefinitions(facts, crds, checks);
  AddOperator(facts, version, checks);
  AddImages(facts, crds, checks);
  AddSignatures(facts, checks);
  AddStorage(facts, checks);
  AddPodSecurity(facts, crds, checks);
  checks.push_back(EnforcementCheck(facts.policies));
  if (auto unseen = FirstUnseen(facts, checks.back().name, {"isolationpolicies"})) {
    checks.back() = std::move(*unseen);
  }
  AddNames(facts, checks);
  AddNodes(facts, checks);
  AddClock(facts, checks);
  return checks;
}

bool Passed(const std::vector<Check>& checks) {
  return CountOf(checks, Verdict::kFail) + CountOf(checks, Verdict::kUnknown) == 0;
}

std::string PreflightText(const std::vector<Check>& checks) {
  std::vector<std::vector<std::string>> rows;
  for (const Check& check : checks) {
    std::string seen = Line(check.seen);
    if (!check.way_out.empty()) seen += "; way out: " + check.way_out;
    rows.push_back({std::string(Word(check.verdict)), check.name, seen});
  }
  return Table({"RESULT", "CHECK", "SEEN"}, rows) +
         fmt::format("\n{} ok, {} to think about, {} failed, {} could not be looked at\n",
                     CountOf(checks, Verdict::kOk), CountOf(checks, Verdict::kWarn),
                     CountOf(checks, Verdict::kFail), CountOf(checks, Verdict::kUnknown));
}

json PreflightJson(const std::vector<Check>& checks) {
  json all = json::array();
  for (const Check& check : checks) {
    json one = {{"result", Word(check.verdict)}, {"check", check.name}, {"seen", Line(check.seen)}};
    if (!check.way_out.empty()) one["wayOut"] = check.way_out;
    all.push_back(std::move(one));
  }
  return {{"passed", Passed(checks)}, {"checks", std::move(all)}};
}

}  // namespace slipway::cli
