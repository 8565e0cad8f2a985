#include "controllers/registry.hpp"

#include <utility>

#include "controllers/drift_monitor/controller.hpp"
#include "controllers/isolation/controller.hpp"
#include "controllers/isolation/guard.hpp"
#include "controllers/model_deployment/controller.hpp"
#include "controllers/model_version/controller.hpp"
#include "controllers/training_job/controller.hpp"
#include "controllers/training_trigger/controller.hpp"

namespace slipway {

std::vector<Controller> MakeControllers(const Settings& settings) {
  const auto isolated = [&](Controller controller, Talk talk = Talk::kNot) {
    return Isolated(std::move(controller), settings, talk);
  };
  return {
      MakeNamespaceController(settings),
      MakeIsolationPolicyController(settings),
      isolated(MakeTrainingJobController(settings), Talk::kAmongItself),
      isolated(MakeTrainingTriggerController(settings)),
      isolated(MakeModelDeploymentController(settings)),
      isolated(MakeDriftMonitorController(settings)),
      isolated(MakeModelVersionController(settings)),
  };
}

}  // namespace slipway
