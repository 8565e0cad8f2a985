#include <gmock/gmock.h>

#include "controllers/training_job/registration.hpp"

namespace slipway::training_job {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

api::TrainingJob Job() {
  api::TrainingJob job;
  job.meta.name = "churn";
  job.meta.ns = "team";
  job.meta.uid = "job";
  job.spec.output = api::Output{};
  job.spec.output->model_name = "churn";
  job.spec.output->register_ = api::Registration::kOnGatePassed;
  return job;
}

api::TrainingJob Complete(api::TrainingJob job) {
  job.status = api::TrainingJobStatus{};
  ConditionWriter(job.status->conditions, 1, Instant{})
      .Set(condition::kComplete, true, "Complete", "");
  return job;
}

Object Stored(const api::TrainingJob& job) {
  Object object;
  object.type = kTrainingJobs.type;
  object.key = {kHomeCluster, job.meta.ns, job.meta.name};
  object.body = std::make_shared<const api::TrainingJob>(job);
  return object;
}

std::vector<std::string> LookedUp(const api::TrainingJob& job) {
  return LookUpModelVersions().looked_up(Stored(job));
}

TEST(LookUpModelVersions, OfTheModelMadeAndTheOneComparedWith) {
  api::TrainingJob job = Job();
  EXPECT_THAT(LookedUp(job), ElementsAre("team/churn"));
  job.spec.evaluation = api::EvaluationGate{};
  EXPECT_THAT(LookedUp(job), ElementsAre("team/churn"));
  job.spec.evaluation->compare_to = api::Comparison{};
  EXPECT_THAT(LookedUp(job), ElementsAre("team/churn")) << "once, when it is the same";
  job.spec.evaluation->compare_to->model_name = "risk";
  EXPECT_THAT(LookedUp(job), ElementsAre("team/churn", "team/risk"));
  job.spec.output.reset();
  EXPECT_THAT(LookedUp(job), ElementsAre("team/risk"));
  job.spec.evaluation.reset();
  EXPECT_THAT(LookedUp(job), IsEmpty());
}

TEST(LookUpModelVersions, NotByJobsThatAreDone) {
  api::TrainingJob job = Complete(Job());
  EXPECT_THAT(LookedUp(job), ElementsAre("team/churn")) << "it owes a version";
  job.status->model_version_ref = api::ModelVersionRef{"churn-1"};
  EXPECT_THAT(LookedUp(job), IsEmpty());
}

TEST(OwesVersion, OnlyACompleteJobWhoseGatePassed) {
  EXPECT_FALSE(OwesVersion(Job()));
  EXPECT_TRUE(OwesVersion(Complete(Job())));
  api::TrainingJob job = Complete(Job());
  job.spec.evaluation = api::EvaluationGate{};
  EXPECT_FALSE(OwesVersion(job)) << "nothing says that the gate passed";
  job.status->evaluation = api::GateResult{};
  EXPECT_FALSE(OwesVersion(job));
  job.status->evaluation->passed = true;
  EXPECT_TRUE(OwesVersion(job));
  job.status->model_version_ref = api::ModelVersionRef{"churn-1"};
  EXPECT_FALSE(OwesVersion(job));
}

TEST(OwesVersion, AsTheUserWants) {
  api::TrainingJob job = Complete(Job());
  job.spec.evaluation = api::EvaluationGate{};
  job.status->evaluation = api::GateResult{};
  job.spec.output->register_ = api::Registration::kAlways;
  EXPECT_TRUE(OwesVersion(job));
  job.status->evaluation->passed = true;
  job.spec.output->register_ = api::Registration::kNever;
  EXPECT_FALSE(OwesVersion(job));
  job.spec.output->register_ = api::Registration::kUnknown;
  EXPECT_FALSE(OwesVersion(job));
}

}  // namespace
}  // namespace slipway::training_job
