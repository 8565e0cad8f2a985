#include "controllers/training_trigger/controller.hpp"

#include "controllers/common/status.hpp"
#include "controllers/training_job/kind.hpp"
#include "controllers/training_trigger/decide.hpp"
#include "controllers/training_trigger/drift.hpp"
#include "controllers/training_trigger/observe.hpp"
#include "controllers/training_trigger/plan.hpp"
#include "controllers/training_trigger/request.hpp"
#include "controllers/training_trigger/status.hpp"

namespace slipway {
namespace training_trigger {
namespace {

Outcome Reconcile(const ReconcileInput& input, const std::string& url) {
  const api::TrainingTrigger* trigger = input.world.Find(kTrainingTriggers, input.key);
  // Once it is being deleted, garbage collection takes the jobs with it.
  if (trigger == nullptr || trigger->meta.deleted) return {};

  Observed observed = Observe(input.key, *trigger, input.world, input.now);
  FindDrift(input.key, *trigger, input.world, input.now, observed);
  FindRequests(input.key, *trigger, url, observed);
  const Decision decision = Decide(*trigger, observed, input.now);
  Plan plan = MakePlan(input.key, *trigger, observed, decision);

  const auto status =
      MakeStatus(input.key, *trigger, observed, decision, input.failures, input.now);
  plan.events = MakeEvents(trigger->status, status);
  return {std::move(plan), StatusIfChanged(trigger->status, status)};
}

}  // namespace
}  // namespace training_trigger

Controller MakeTrainingTriggerController(const Settings& settings) {
  return {"training-trigger",
          training_trigger::kTrainingTriggers,
          {training_job::kTrainingJobs},
          [url = settings.report_url](const ReconcileInput& input) {
            return training_trigger::Reconcile(input, url);
          },
          {training_trigger::LookUpMonitors()},
          {},
          training_trigger::TakeRequest};
}

}  // namespace slipway
