#include <gtest/gtest.h>

#include "controllers/drift_monitor/controller.hpp"
#include "controllers/drift_monitor/desired.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(DriftMonitorGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  Settings settings;
  settings.worker_image = "registry.example/slipway@sha256:0c";
  golden::RunGolden("drift_monitor", MakeDriftMonitorController(settings));
}

TEST(DriftMonitorGolden, WithoutAnImageToRunNothingIsPossible) {
  const auto problem = drift_monitor::WhyImpossible(Settings{});
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->reason, "WorkerImageMissing");
  EXPECT_TRUE(problem->stalled);
}

}  // namespace
}  // namespace slipway
