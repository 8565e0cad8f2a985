#include <gtest/gtest.h>

#include "controllers/training_trigger/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(TrainingTriggerSignalsGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  Settings settings;
  settings.report_url = "http://slipway-reports.slipway-system.svc:8081";
  golden::RunGolden("training_trigger_signals", MakeTrainingTriggerController(settings));
}

}  // namespace
}  // namespace slipway
