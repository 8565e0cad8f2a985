#include "controllers/training_trigger/desired.hpp"

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"

namespace slipway::training_trigger {

using nlohmann::json;

ObjectKey JobKey(const ObjectKey& key, const api::TrainingTrigger& trigger, Instant scheduled) {
  const auto minute = std::chrono::floor<std::chrono::minutes>(scheduled.time_since_epoch());
  return ChildKey(key,
                  ChildName(trigger.meta.name, trigger.meta.uid, std::to_string(minute.count())));
}

Create MakeJob(const ObjectKey& key, const api::TrainingTrigger& trigger, Instant scheduled) {
  json body = json::parse(trigger.spec.job_template.text);
  for (const auto& [name, value] : ChildLabels(kApplication, trigger.meta, kJobRole)) {
    body["metadata"]["labels"][name] = value;
  }
  json& annotations = body["metadata"]["annotations"];
  annotations[std::string(kTriggerCause)] = ToString(api::TriggerCause::kSchedule);
  annotations[std::string(kScheduledAt)] = FormatTime(scheduled);
  return {api::kTrainingJobType, JobKey(key, trigger, scheduled), std::move(body)};
}

}  // namespace slipway::training_trigger
