#include <gtest/gtest.h>

#include "controllers/training_job/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(TrainingJobGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  golden::RunGolden("training_job", MakeTrainingJobController({}));
}

}  // namespace
}  // namespace slipway
