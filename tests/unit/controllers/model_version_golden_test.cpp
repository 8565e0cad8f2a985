#include <gtest/gtest.h>

#include "controllers/model_version/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

Settings Mirroring() {
  Settings settings;
  settings.mlflow_tracking_uri = "http://mlflow.mlflow.svc:5000";
  return settings;
}

TEST(ModelVersionGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  golden::RunGolden("model_version", MakeModelVersionController({}));
}

TEST(ModelVersionGolden, WhereVersionsAreCopiedToMlflow) {
  Settings settings = Mirroring();
  settings.worker_image = "registry.example/slipway@sha256:0c";
  golden::RunGolden("model_version_mirror", MakeModelVersionController(settings));
}

TEST(ModelVersionGolden, WhereTheOperatorDoesNotKnowItsImage) {
  golden::RunGolden("model_version_mirror_without_image", MakeModelVersionController(Mirroring()));
}

}  // namespace
}  // namespace slipway
