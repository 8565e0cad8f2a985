#include <gtest/gtest.h>

#include "controllers/drift_monitor/controller.hpp"
#include "controllers/isolation/controller.hpp"
#include "controllers/isolation/guard.hpp"
#include "controllers/model_deployment/controller.hpp"
#include "controllers/training_job/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

Settings Provable() {
  Settings settings;
  settings.worker_image = "registry.corp/slipway@sha256:" + std::string(64, '0');
  settings.report_url = "http://slipway-reports.slipway-system.svc:8081";
  settings.probe_reachable = "slipway-reports.slipway-system.svc:8081";
  settings.probe_refused = "slipway-reports.slipway-system.svc:8082";
  return settings;
}

TEST(IsolationGolden, ANamespaceIsClosedAndThenLookedAt) {
  golden::RunGolden("isolation_namespace", MakeNamespaceController(Provable()));
}

TEST(IsolationGolden, APolicyTellsWhatCameOfIt) {
  golden::RunGolden("isolation_policy", MakeIsolationPolicyController(Provable()));
}

TEST(IsolationGolden, TwoInstallationsTellOfTheirOwnNamespaces) {
  Settings settings = Provable();
  settings.served_namespaces = {"team-a"};
  golden::RunGolden("isolation_policy_of_two", MakeIsolationPolicyController(settings));
}

TEST(IsolationGolden, NoPodOfATrainingJobStartsUnisolated) {
  const Settings settings = Provable();
  golden::RunGolden("isolation_training_job",
                    Isolated(MakeTrainingJobController(settings), settings, Pods::kGroup));
}

TEST(IsolationGolden, NorOneOfAModelDeployment) {
  const Settings settings = Provable();
  golden::RunGolden("isolation_model_deployment",
                    Isolated(MakeModelDeploymentController(settings), settings, Pods::kAlone));
}

TEST(IsolationGolden, WithoutACanaryNothingCanBeProven) {
  Settings settings = Provable();
  settings.probe_refused.clear();
  golden::RunGolden("isolation_unprovable",
                    Isolated(MakeDriftMonitorController(settings), settings, Pods::kAlone));
}

}  // namespace
}  // namespace slipway
