#include <gtest/gtest.h>

#include "controllers/training_job/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

Controller WithGangs(GangScheduler scheduler, const std::string& name) {
  Settings settings;
  settings.gang_scheduler = scheduler;
  settings.gang_scheduler_name = name;
  return MakeTrainingJobController(settings);
}

TEST(TrainingJobPodGroupGolden, EveryCaseOfVolcanoGivesThePlanAndStatusWrittenBesideIt) {
  golden::RunGolden("training_job_volcano", WithGangs(GangScheduler::kVolcano, ""));
}

TEST(TrainingJobPodGroupGolden, EveryCaseOfCoschedulingGivesThePlanAndStatusWrittenBesideIt) {
  golden::RunGolden("training_job_coscheduling",
                    WithGangs(GangScheduler::kCoscheduling, "gang-scheduler"));
}

}  // namespace
}  // namespace slipway
