#include <gtest/gtest.h>

#include "controllers/model_version/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(ModelVersionGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  golden::RunGolden("model_version", MakeModelVersionController({}));
}

}  // namespace
}  // namespace slipway
