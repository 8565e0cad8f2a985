#include <gtest/gtest.h>

#include "controllers/model_deployment/controller.hpp"
#include "tests/golden/harness.hpp"

namespace slipway {
namespace {

TEST(ModelDeploymentGolden, EveryCaseGivesThePlanAndStatusWrittenBesideIt) {
  Settings settings;
  settings.runtimes = {{"sklearn", "registry.example/serve-sklearn@sha256:5a", {"serve"}, {"-v"}},
                       {"torch", "registry.example/serve-torch@sha256:6b", {}, {}}};
  golden::RunGolden("model_deployment", MakeModelDeploymentController(settings));
}

}  // namespace
}  // namespace slipway
