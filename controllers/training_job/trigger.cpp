#include "controllers/training_job/trigger.hpp"

#include "controllers/common/trigger_labels.hpp"

namespace slipway::training_job {

void AddTrigger(const ObjectMeta& job, std::vector<EnvValue>& env) {
  const auto cause = job.annotations.find(kTriggerCause);
  const auto revision = job.annotations.find(kTriggerRevision);
  if (cause == job.annotations.end() || revision == job.annotations.end()) return;
  env.push_back({"SLIPWAY_TRIGGER_CAUSE", cause->second});
  env.push_back({"SLIPWAY_TRIGGER_REVISION", revision->second});
}

}  // namespace slipway::training_job
