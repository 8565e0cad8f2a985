#include "controllers/training_trigger/controller.hpp"

#include "controllers/common/status.hpp"
#include "controllers/training_job/kind.hpp"
#include "controllers/training_trigger/change.hpp"
#include "controllers/training_trigger/decide.hpp"
#include "controllers/training_trigger/drift.hpp"
#include "controllers/training_trigger/observe.hpp"
#include "controllers/training_trigger/plan.hpp"
#include "controllers/training_trigger/polls.hpp"
#include "controllers/training_trigger/request.hpp"
#include "controllers/training_trigger/status.hpp"

namespace slipway {
namespace training_trigger {
namespace {

Outcome Reconcile(const ReconcileInput& input, const Settings& settings) {
  const api::TrainingTrigger* trigger = input.world.Find(kTrainingTriggers, input.key);
  // Once it is being deleted, garbage collection takes the jobs with it.
  if (trigger == nullptr || trigger->meta.deleted) return {};

  Observed observed = Observe(input.key, *trigger, input.world, input.now);
  FindDrift(input.key, *trigger, input.world, input.now, observed);
  observed.polls = ObservePolls(input.key, *trigger, input.world, settings, input.now);
  FindChanges(*trigger, observed);
  FindRequests(input.key, *trigger, settings.report_url, observed);
  const Decision decision = Decide(*trigger, observed, input.now);
  Plan plan = MakePlan(input.key, *trigger, observed, decision);
  AddPolls(plan, observed.polls, input.now);

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
          {training_job::kTrainingJobs, kPods},
          [settings](const ReconcileInput& input) {
            return training_trigger::Reconcile(input, settings);
          },
          {training_trigger::LookUpMonitors()},
          {},
          training_trigger::TakeRequest};
}

}  // namespace slipway
