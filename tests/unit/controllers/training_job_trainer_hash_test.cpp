#include <gtest/gtest.h>

#include <functional>

#include "controllers/training_job/desired.hpp"
#include "crds/generated/codec.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

/// As the API server stores it, with the defaults of the schema.
const json kJob = {
    {"metadata", {{"name", "churn"}, {"namespace", "team-a"}, {"uid", "u"}, {"generation", 1}}},
    {"spec",
     {{"framework", "Torch"},
      {"trainer",
       {{"image", "registry.example/churn:1"},
        {"command", {"torchrun"}},
        {"args", {"train.py", "--epochs=3"}},
        {"env", {{{"name", "SEED"}, {"value", "7"}}}},
        {"numNodes", 2},
        {"numProcPerNode", "auto"},
        {"resourcesPerNode", {{"limits", {{"cpu", "2"}, {"nvidia.com/gpu", "1"}}}}},
        {"podTemplate",
         {{"nodeSelector", {{"pool", "gpu"}}},
          {"tolerations", {{{"key", "gpu"}, {"operator", "Exists"}}}}}}}},
      {"suspend", false},
      {"failurePolicy", {{"maxRestarts", 3}, {"backoffSeconds", 10}}},
      {"cleanPodPolicy", "Running"}}}};

std::string HashOf(const json& object) {
  const std::string text = object.dump();
  JsonParser parser;
  return TrainerHash(api::DecodeTrainingJob(parser.Parse(text).value()).value());
}

std::string HashWith(const char* pointer, const json& value) {
  json job = kJob;
  job[json::json_pointer(pointer)] = value;
  return HashOf(job);
}

TEST(TrainerHash, StaysTheSameFromVersionToVersion) {
  EXPECT_EQ(HashOf(kJob), "m928r84x") << "an upgrade would start every running job anew";
}

TEST(TrainerHash, ChangesWithWhateverDecidesWhatThePodsAre) {
  const std::vector<std::pair<const char*, json>> changes{
      {"/spec/framework", "MPI"},
      {"/spec/trainer/image", "registry.example/churn:2"},
      {"/spec/trainer/command/0", "python"},
      {"/spec/trainer/args/1", "--epochs=4"},
      {"/spec/trainer/env/0/value", "8"},
      {"/spec/trainer/numNodes", 3},
      {"/spec/trainer/numProcPerNode", "1"},
      {"/spec/checkpoint",
       {{"persistentVolumeClaim", {{"claimName", "c"}}},
        {"mountPath", "/c"},
        {"intervalSeconds", 900},
        {"onTermination", {{"gracePeriodSeconds", 60}}},
        {"resume", "Never"},
        {"keepLast", 3}}},
      {"/spec/trainer/resourcesPerNode/limits/cpu", "4"},
      {"/spec/trainer/podTemplate/nodeSelector/pool", "cpu"},
      {"/spec/trainer/podTemplate/workingDir", "/src"}};
  for (const auto& [pointer, value] : changes) EXPECT_NE(HashWith(pointer, value), HashOf(kJob));
}

TEST(TrainerHash, StaysWithWhatMayChangeWhileTheJobRuns) {
  const std::vector<std::pair<const char*, json>> changes{{"/metadata/generation", 2},
                                                          {"/spec/suspend", true},
                                                          {"/spec/failurePolicy/maxRestarts", 0},
                                                          {"/spec/activeDeadlineSeconds", 60},
                                                          {"/spec/ttlSecondsAfterFinished", 60},
                                                          {"/spec/cleanPodPolicy", "All"}};
  for (const auto& [pointer, value] : changes) EXPECT_EQ(HashWith(pointer, value), HashOf(kJob));
}

TEST(TrainerHash, OfAnElasticJobIsTheSameForAnyNumberOfNodes) {
  json elastic = kJob;
  elastic["spec"]["elasticPolicy"] = {
      {"minNodes", 2}, {"maxNodes", 4}, {"maxRestarts", 10}, {"scaleCooldownSeconds", 60}};
  const auto with = [&](const char* pointer, const json& value) {
    json job = elastic;
    job[json::json_pointer(pointer)] = value;
    return HashOf(job);
  };
  EXPECT_NE(HashOf(elastic), HashOf(kJob));
  EXPECT_EQ(with("/spec/trainer/numNodes", 3), HashOf(elastic));
  EXPECT_EQ(with("/spec/elasticPolicy/scaleCooldownSeconds", 0), HashOf(elastic));
  EXPECT_NE(with("/spec/elasticPolicy/minNodes", 1), HashOf(elastic));
  EXPECT_NE(with("/spec/elasticPolicy/maxNodes", 5), HashOf(elastic));
  EXPECT_NE(with("/spec/elasticPolicy/maxRestarts", 1), HashOf(elastic));
  EXPECT_NE(with("/spec/trainer/image", "another"), HashOf(elastic));
}

TEST(TrainerHash, IsEmptyWhenTheFrameworkIsUnknown) {
  EXPECT_EQ(HashWith("/spec/framework", "FromTheFuture"), "");
}

}  // namespace
}  // namespace slipway::training_job
