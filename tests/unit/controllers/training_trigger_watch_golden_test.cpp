#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "controllers/training_trigger/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

using nlohmann::json;

TEST(TrainingTriggerWatchGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  Settings settings;
  settings.worker_image = "registry.example.com/slipway:1.0";
  settings.report_url = "http://slipway.example.com";
  golden::RunGolden("training_trigger_watch", MakeTrainingTriggerController(settings));
}

TEST(TrainingTriggerWatchGolden, WithoutItsOwnImageTheOperatorSaysThatItCannotLook) {
  const Controller controller = MakeTrainingTriggerController(Settings{});
  const json trigger = json::parse(R"({"apiVersion": "slipway.dev/v1alpha1",
    "kind": "TrainingTrigger",
    "metadata": {"name": "t", "namespace": "n", "uid": "u", "resourceVersion": "1",
      "generation": 1, "creationTimestamp": "2026-09-01T12:00:00Z"},
    "spec": {"timeZone": "UTC", "suspend": false, "concurrencyPolicy": "Allow",
      "successfulJobsHistoryLimit": 2, "failedJobsHistoryLimit": 1,
      "onCommit": {"git": {"url": "https://h/r", "branch": "main"}, "pollSeconds": 120},
      "jobTemplate": {"spec": {"trainer": {"image": "i"}}}},
    "status": {"observedGeneration": -1}})");
  const Snapshot world = golden::MakeSnapshot(controller, {trigger});
  const ObjectKey key{kHomeCluster, "n", "t"};
  const Outcome outcome =
      controller.reconcile({key, world, *ParseTime("2026-09-01T12:00:00Z"), {}});
  EXPECT_TRUE(outcome.plan.actions.empty());
  ASSERT_TRUE(outcome.status);
  EXPECT_EQ((*outcome.status)["phase"], "Stalled");
  EXPECT_NE((*outcome.status)["message"].get<std::string>().find("workerImage"), std::string::npos);
}

}  // namespace
}  // namespace slipway
