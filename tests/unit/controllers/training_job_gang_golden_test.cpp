#include <gtest/gtest.h>

#include "controllers/training_job/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(TrainingJobGangGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  Settings settings;
  settings.gang_scheduler = GangScheduler::kBarrier;
  golden::RunGolden("training_job_gang", MakeTrainingJobController(settings));
}

}  // namespace
}  // namespace slipway
