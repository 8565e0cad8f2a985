#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "controllers/training_job/steps.hpp"

namespace slipway::training_job {
namespace {

using testing::ElementsAre;

api::PrepareStep Step(const std::string& name) {
  api::PrepareStep step;
  step.name = name;
  step.command = {"python", name + ".py"};
  return step;
}

api::TrainingJob Job() {
  api::TrainingJob job;
  job.meta.name = "churn";
  job.meta.uid = "uid";
  job.spec.framework = api::Framework::kSKLearn;
  job.spec.trainer.image = "trainer";
  job.spec.trainer.num_nodes = 2;
  job.spec.trainer.num_proc_per_node = "auto";
  job.spec.prepare = {Step("ingest"), Step("check")};
  job.spec.evaluation.emplace();
  job.spec.evaluation->metrics_from.file = "/out/metrics.json";
  job.spec.evaluation->metrics_from.step.emplace();
  return job;
}

/// Which hashes another spec changes: those of the two steps, the training, the evaluation.
std::string Changed(const std::function<void(api::TrainingJob& job)>& change) {
  api::TrainingJob job = Job();
  const StepHashes before = HashSteps(job);
  change(job);
  const StepHashes after = HashSteps(job);
  const auto mark = [](bool same) { return same ? "-" : "x"; };
  return std::string(mark(before.prepare.at(0) == after.prepare.at(0))) +
         mark(before.prepare.at(1) == after.prepare.at(1)) + mark(before.train == after.train) +
         mark(before.evaluate == after.evaluate);
}

struct Change {
  std::string name;
  std::string changed;
  std::function<void(api::TrainingJob& job)> change;
};

class StepHashTest : public testing::TestWithParam<Change> {};

TEST_P(StepHashTest, WhatFollowsTheFirstChangedStepChanges) {
  EXPECT_EQ(Changed(GetParam().change), GetParam().changed);
}

INSTANTIATE_TEST_SUITE_P(
    Changes, StepHashTest,
    testing::Values(
        Change{"nothing", "----", [](auto&) {}},
        Change{"first_image", "xxxx", [](auto& job) { job.spec.prepare[0].image = "a"; }},
        Change{"second_args", "-xxx", [](auto& job) { job.spec.prepare[1].args = {"a"}; }},
        Change{"order", "xxxx",
               [](auto& job) { std::swap(job.spec.prepare[0], job.spec.prepare[1]); }},
        Change{"training_image", "xxxx", [](auto& job) { job.spec.trainer.image = "a"; }},
        Change{"training_nodes", "--xx", [](auto& job) { job.spec.trainer.num_nodes = 3; }},
        Change{"volume", "xxxx",
               [](auto& job) {
                 api::Volume volume;
                 volume.name = "data";
                 job.spec.trainer.pod_template.emplace().volumes = {volume};
               }},
        Change{"placement", "--xx",
               [](auto& job) {
                 job.spec.trainer.pod_template.emplace().node_selector = {{"zone", "a"}};
               }},
        Change{"evaluation", "---x",
               [](auto& job) { job.spec.evaluation->metrics_from.step->command = {"a"}; }},
        Change{"retries", "----", [](auto& job) { job.spec.prepare[0].retries = 3; }},
        Change{"time_limit", "----", [](auto& job) { job.spec.prepare[0].timeout_seconds = 3; }},
        Change{"resources", "----",
               [](auto& job) {
                 job.spec.prepare[0].resources.emplace().limits = {{"cpu", "1"}};
               }}),
    [](const auto& item) { return item.param.name; });

TEST(StepHash, ANameWithoutTheOthersIsNotTheSameStep) {
  api::TrainingJob job = Job();
  const std::string second = HashSteps(job).prepare.at(1);
  job.spec.prepare.erase(job.spec.prepare.begin());
  EXPECT_NE(HashSteps(job).prepare.at(0), second);
}

TEST(StepHash, WithoutAnEvaluationOfItsOwnThereIsNoHash) {
  api::TrainingJob job = Job();
  job.spec.evaluation.reset();
  EXPECT_EQ(HashSteps(job).evaluate, "");
  EXPECT_FALSE(EvaluationStep(job));
}

TEST(StepPod, HasWhatTheTrainersPodsHave) {
  api::TrainingJob job = Job();
  auto& pods = job.spec.trainer.pod_template.emplace();
  pods.node_selector = {{"zone", "a"}};
  pods.working_dir = "/app";
  job.spec.prepare[0].working_dir = "/ingest";
  const auto steps = PrepareSteps(job);
  const ObjectKey key{kHomeCluster, "ml", "churn"};
  const auto first = MakeStepPod(key, job, steps.at(0), "hash", 2).body;
  const auto second = MakeStepPod(key, job, steps.at(1), "hash", 1).body;
  EXPECT_EQ(first["spec"]["nodeSelector"]["zone"], "a");
  EXPECT_EQ(first["spec"]["containers"][0]["workingDir"], "/ingest");
  EXPECT_EQ(second["spec"]["containers"][0]["workingDir"], "/app");
  EXPECT_EQ(first["metadata"]["labels"]["slipway.dev/attempt"], "1");
  EXPECT_EQ(first["metadata"]["labels"]["slipway.dev/step"], "ingest");
  EXPECT_FALSE(first["metadata"]["labels"].contains("slipway.dev/node-index"));
}

TEST(StepPod, ThatOfTheEvaluationReportsByTheFile) {
  const api::TrainingJob job = Job();
  const auto pod = MakeStepPod({kHomeCluster, "ml", "churn"}, job, *EvaluationStep(job), "hash", 1)
                       .body["spec"]["containers"][0];
  EXPECT_EQ(pod["terminationMessagePath"], "/out/metrics.json");
  EXPECT_EQ(pod["image"], "trainer");
  std::vector<std::string> names;
  for (const auto& variable : pod["env"]) names.push_back(variable["name"]);
  EXPECT_THAT(names, ElementsAre("SLIPWAY_JOB", "SLIPWAY_STEP", "SLIPWAY_NUM_NODES",
                                 "SLIPWAY_NUM_PROC_PER_NODE", "SLIPWAY_RESULT_FILE"));
}

TEST(StepPod, NamesHaveRoomForTheLongestStep) {
  api::TrainingJob job = Job();
  job.meta.name = std::string(63, 'j');
  const ObjectKey key{kHomeCluster, "ml", job.meta.name};
  const auto name = StepPodKey(key, job, std::string(32, 's')).name;
  EXPECT_LE(name.size(), 63U);
  EXPECT_NE(name, StepPodKey(key, job, std::string(31, 's')).name);
}

}  // namespace
}  // namespace slipway::training_job
