#include <gtest/gtest.h>

#include "controllers/training_job/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(TrainingJobGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  golden::RunGolden("training_job", MakeTrainingJobController({}));
}

TEST(TrainingJobGolden, SoItDoesWhereReportsAreTaken) {
  Settings settings;
  settings.report_url = "http://slipway-reports.slipway-system.svc:8081";
  golden::RunGolden("training_job_reports", MakeTrainingJobController(settings));
}

}  // namespace
}  // namespace slipway
