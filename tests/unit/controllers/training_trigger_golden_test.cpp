#include <gtest/gtest.h>

#include "controllers/training_trigger/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(TrainingTriggerGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  golden::RunGolden("training_trigger", MakeTrainingTriggerController(Settings{}));
}

}  // namespace
}  // namespace slipway
