#include "controllers/registry.hpp"

#include "controllers/drift_monitor/controller.hpp"
#include "controllers/model_deployment/controller.hpp"
#include "controllers/model_version/controller.hpp"
#include "controllers/training_job/controller.hpp"
#include "controllers/training_trigger/controller.hpp"

namespace slipway {

std::vector<Controller> MakeControllers(const Settings& settings) {
  return {
      MakeTrainingJobController(settings),     MakeTrainingTriggerController(settings),
      MakeModelDeploymentController(settings), MakeDriftMonitorController(settings),
      MakeModelVersionController(settings),
  };
}

}  // namespace slipway
