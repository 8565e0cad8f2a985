#include <gtest/gtest.h>

#include "controllers/training_job/runtime.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

json Merged(const char* runtime, const char* job) {
  return MergeTrainer(json::parse(runtime), json::parse(job));
}

TEST(MergeTrainer, SingleValuesOfTheJobWin) {
  EXPECT_EQ(Merged(R"({"image":"a","numNodes":1})", R"({"image":"b","numNodes":4})"),
            json::parse(R"({"image":"b","numNodes":4})"));
  EXPECT_EQ(Merged(R"({"image":"a"})", R"({})"), json::parse(R"({"image":"a"})"));
  EXPECT_EQ(Merged(R"({})", R"({"image":"b"})"), json::parse(R"({"image":"b"})"));
}

TEST(MergeTrainer, ACommandIsTakenAsAWhole) {
  EXPECT_EQ(Merged(R"({"command":["a","b"],"args":["x"]})", R"({"args":["y","z"]})"),
            json::parse(R"({"command":["a","b"],"args":["y","z"]})"));
  EXPECT_EQ(Merged(R"({"command":["a"],"args":["x"]})", R"({"command":["c"]})"),
            json::parse(R"({"command":["c"]})"))
      << "the args of another program are none";
}

TEST(MergeTrainer, DefaultOfProcessesGivesWay) {
  EXPECT_EQ(Merged(R"({"numProcPerNode":"gpu"})", R"({"numProcPerNode":"auto"})"),
            json::parse(R"({"numProcPerNode":"gpu"})"));
  EXPECT_EQ(Merged(R"({"numProcPerNode":"gpu"})", R"({"numProcPerNode":"2"})"),
            json::parse(R"({"numProcPerNode":"2"})"));
  EXPECT_EQ(Merged(R"({})", R"({"numProcPerNode":"auto"})"),
            json::parse(R"({"numProcPerNode":"auto"})"));
}

TEST(MergeTrainer, MapsAreMergedKeyByKey) {
  EXPECT_EQ(Merged(R"({"resourcesPerNode":{"limits":{"memory":"1Gi","cpu":"1"}}})",
                   R"({"resourcesPerNode":{"limits":{"memory":"2Gi"},"requests":{"cpu":"1"}}})"),
            json::parse(R"({"resourcesPerNode":{"limits":{"memory":"2Gi","cpu":"1"},
                           "requests":{"cpu":"1"}}})"));
}

TEST(MergeTrainer, EntriesOfOneNameAreReplacedAsAWhole) {
  EXPECT_EQ(Merged(R"({"env":[{"name":"A","value":"1"},{"name":"B","value":"2"}]})",
                   R"({"env":[{"name":"B","valueFrom":{}},{"name":"C","value":"3"}]})"),
            json::parse(R"({"env":[{"name":"A","value":"1"},{"name":"B","valueFrom":{}},
                           {"name":"C","value":"3"}]})"));
}

TEST(MergeTrainer, MountsAreToldApartByTheirPath) {
  EXPECT_EQ(Merged(R"({"podTemplate":{"volumeMounts":[{"name":"v","mountPath":"/a"}]}})",
                   R"({"podTemplate":{"volumeMounts":[{"name":"v","mountPath":"/b"},
                                                      {"name":"w","mountPath":"/a"}]}})"),
            json::parse(R"({"podTemplate":{"volumeMounts":[{"name":"w","mountPath":"/a"},
                                                           {"name":"v","mountPath":"/b"}]}})"));
}

TEST(MergeTrainer, EntriesWithoutANameAreAddedOnce) {
  EXPECT_EQ(Merged(R"({"podTemplate":{"tolerations":[{"key":"gpu"}]}})",
                   R"({"podTemplate":{"tolerations":[{"key":"spot"},{"key":"gpu"}]}})"),
            json::parse(R"({"podTemplate":{"tolerations":[{"key":"gpu"},{"key":"spot"}]}})"));
}

}  // namespace
}  // namespace slipway::training_job
