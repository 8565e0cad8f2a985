#include "controllers/training_job/controller.hpp"

#include "controllers/common/status.hpp"
#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/elastic.hpp"
#include "controllers/training_job/gang.hpp"
#include "controllers/training_job/machines.hpp"
#include "controllers/training_job/observe.hpp"
#include "controllers/training_job/plan.hpp"
#include "controllers/training_job/pod_group.hpp"
#include "controllers/training_job/progress.hpp"
#include "controllers/training_job/registration.hpp"
#include "controllers/training_job/runtime.hpp"
#include "controllers/training_job/status.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace training_job {
namespace {

/// Who gathers gangs.
struct Gangs {
  bool gathered = false;
  std::optional<GroupScheduler> by;  ///< Nobody: the operator.
};

Outcome Reconcile(const ReconcileInput& input, const Gangs& gangs, const std::string& report_url) {
  const api::TrainingJob* job = input.world.Find(kTrainingJobs, input.key);
  // Once it is being deleted, garbage collection takes the pods and the service with it.
  if (job == nullptr || job->meta.deleted) return {};
  if (job->spec.managed_by.value_or(std::string(kManager)) != kManager) return {};

  Resolved resolved = Resolve(input.key, *job, input.world);
  if (!resolved.problem) resolved.problem = WhyNoGang(resolved.job, gangs.gathered);
  if (!resolved.problem) resolved.problem = WhyQueueIsAmbiguous(resolved.job, gangs.by);
  Observed observed = Observe(input.key, resolved, gangs.by, input.world);
  observed.report_url = report_url;
  const Decision decision = Decide(input.key, resolved.job, observed, input.now);
  observed = AfterScaling(std::move(observed), decision);
  Plan plan = MakePlan(input.key, resolved.job, observed, decision, input.now);

  const auto status = MakeStatus(resolved, observed, decision, input.failures, input.now);
  plan.events = MakeEvents(job->status, status);
  return {std::move(plan), StatusIfChanged(job->status, status)};
}

TakenReport TakeReport(const ReconcileInput& input, std::string_view report) {
  const api::TrainingJob* job = input.world.Find(kTrainingJobs, input.key);
  if (job == nullptr || !job->status || ReadRecord(*job).finished) {
    return {std::nullopt, "the job has ended, or has not begun; stop to report"};
  }
  const Progress progress = ReadProgress(report, StatusTime(input.now));
  return {ToJson(WithProgress(*job, progress)), progress.problem};
}

std::vector<Lookup> LooksUp(bool gates) {
  std::vector<Lookup> lookups = LookUpRuntimes();
  lookups.push_back(LookUpModelVersions());
  // All machines with their labels before those that pods are on: the first one is how they are
  // read.
  if (gates) {
    for (auto& lookup : LookUpRoom()) lookups.push_back(std::move(lookup));
  }
  lookups.push_back(LookUpMachines());
  return lookups;
}

}  // namespace
}  // namespace training_job

Controller MakeTrainingJobController(const Settings& settings) {
  const bool gates = settings.gang_scheduler == GangScheduler::kBarrier;
  const training_job::Gangs gangs{settings.gang_scheduler != GangScheduler::kNone,
                                  training_job::ReadGroupScheduler(settings)};
  std::vector<AnyResource> owns{kPods, kServices};
  if (gangs.by) owns.emplace_back(training_job::PodGroupKind(*gangs.by));
  return {"training-job",
          training_job::kTrainingJobs,
          std::move(owns),
          [gangs, url = settings.report_url](const ReconcileInput& input) {
            return training_job::Reconcile(input, gangs, url);
          },
          training_job::LooksUp(gates),
          training_job::TakeReport};
}

}  // namespace slipway
