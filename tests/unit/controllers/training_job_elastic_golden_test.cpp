#include <gtest/gtest.h>

#include "controllers/training_job/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(TrainingJobElasticGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  golden::RunGolden("training_job_elastic", MakeTrainingJobController({}));
}

}  // namespace
}  // namespace slipway
