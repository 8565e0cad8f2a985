#include <gtest/gtest.h>

#include "controllers/common/trigger_labels.hpp"
#include "controllers/training_job/trigger.hpp"

namespace slipway::training_job {
namespace {

TEST(TrainingJobTrigger, TheProgramIsToldTheCommitThatItWasStartedFor) {
  ObjectMeta job;
  job.annotations = {{std::string(kTriggerCause), "Commit"}, {std::string(kTriggerRevision), "1f"}};
  std::vector<EnvValue> env;
  AddTrigger(job, env);
  const std::vector<EnvValue> expected{{"SLIPWAY_TRIGGER_CAUSE", "Commit"},
                                       {"SLIPWAY_TRIGGER_REVISION", "1f"}};
  EXPECT_EQ(env, expected);
}

TEST(TrainingJobTrigger, OneOfAScheduleIsToldNothing) {
  ObjectMeta job;
  job.annotations = {{std::string(kTriggerCause), "Schedule"}};
  std::vector<EnvValue> env;
  AddTrigger(job, env);
  AddTrigger(ObjectMeta{}, env);
  EXPECT_TRUE(env.empty());
}

}  // namespace
}  // namespace slipway::training_job
