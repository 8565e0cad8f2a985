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
  const auto isolated = [&](Controller controller, Pods pods = Pods::kAlone) {
    return Isolated(std::move(controller), settings, pods);
  };
  return {
      MakeNamespaceController(settings),
      MakeIsolationPolicyController(settings),
      isolated(MakeTrainingJobController(settings), Pods::kGroup),
      isolated(MakeTrainingTriggerController(settings)),
      isolated(MakeModelDeploymentController(settings)),
      isolated(MakeDriftMonitorController(settings)),
      isolated(MakeModelVersionController(settings)),
  };
}

}  // namespace slipway
