#include <gmock/gmock.h>

#include "controllers/training_job/result.hpp"

namespace slipway::training_job {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kDigest = "sha256:" + std::string(64, 'a');

api::TrainingResult Read(const std::string& text) { return ReadReport(text, "/out/result.json"); }

api::MetricValue Metric(const char* name, const char* value) { return {name, value}; }

TEST(ReadReport, ReadsAllOfIt) {
  const auto result = Read(R"({"metrics": {"auc": 0.846, "loss": 1},
      "artifact": {"uri": "s3://models/churn/8", "digest": ")" +
                           kDigest + R"(", "sizeBytes": 12},
      "datasets": [{"name": "train", "uri": "s3://d/t", "version": "3", "digest": ")" +
                           kDigest +
                           R"("}, {"name": "test"}],
      "baseline": {"uri": "s3://b", "digest": ")" +
                           kDigest + R"("}, "epochs": 20})");
  ASSERT_FALSE(result.problem) << *result.problem;
  EXPECT_THAT(result.metrics, ElementsAre(Metric("auc", "0.846"), Metric("loss", "1")));
  EXPECT_EQ(result.artifact->uri, "s3://models/churn/8");
  EXPECT_EQ(result.artifact->digest, kDigest);
  EXPECT_EQ(result.artifact->size_bytes, 12);
  EXPECT_THAT(result.datasets, ElementsAre(api::Dataset{"train", "s3://d/t", "3", kDigest},
                                           api::Dataset{"test", {}, {}, {}}));
  EXPECT_EQ(result.baseline, (api::Baseline{"s3://b", kDigest}));
}

TEST(ReadReport, ReadsWhatTheModelTakesAndGives) {
  const auto result = Read(R"({"schema": {
      "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 24]}],
      "outputs": [{"name": "y", "datatype": "INT64"}]}})");
  ASSERT_FALSE(result.problem) << *result.problem;
  ASSERT_TRUE(result.schema);
  EXPECT_THAT(result.schema->inputs, ElementsAre(api::Tensor{"x", "FP32", {-1, 24}}));
  EXPECT_THAT(result.schema->outputs, ElementsAre(api::Tensor{"y", "INT64", {}}));
}

TEST(ReadReport, KeepsNumbersWithoutLoss) {
  const auto result = Read(
      R"({"metrics": [{"name": "a", "value": 0.1}, {"name": "b", "value": 1e-07},
          {"name": "c", "value": -0.30000000000000004}, {"name": "d", "value": 18446744073709551615},
          {"name": "e", "value": 1.7976931348623157e308}]})");
  ASSERT_FALSE(result.problem) << *result.problem;
  EXPECT_THAT(
      result.metrics,
      ElementsAre(Metric("a", "0.1"), Metric("b", "1e-07"), Metric("c", "-0.30000000000000004"),
                  Metric("d", "18446744073709551615"), Metric("e", "1.7976931348623157e+308")));
}

TEST(ReadReport, LeavesOutWhatWasNotMeasured) {
  const auto result = Read(R"({"metrics": {"a": null, "b": "NaN", "c": true, "d": 2}})");
  ASSERT_FALSE(result.problem) << *result.problem;
  EXPECT_THAT(result.metrics, ElementsAre(Metric("d", "2")));
}

TEST(ReadReport, AnEmptyFileIsAnEmptyReport) {
  for (const char* text : {"", " \n", "{}"}) EXPECT_EQ(Read(text), api::TrainingResult{}) << text;
}

struct Bad {
  const char* name;
  std::string text;
  const char* problem;
};

std::string BadName(const testing::TestParamInfo<Bad>& test) { return test.param.name; }

class BadReport : public testing::TestWithParam<Bad> {};

TEST_P(BadReport, IsNotUsedAndSaysWhy) {
  const auto result = Read(GetParam().text);
  ASSERT_TRUE(result.problem);
  EXPECT_THAT(*result.problem, HasSubstr(GetParam().problem));
  EXPECT_THAT(*result.problem, HasSubstr("/out/result.json"));
  EXPECT_THAT(result.metrics, IsEmpty());
  EXPECT_FALSE(result.artifact);
}

std::string Metrics(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i == 0 ? "\"m" : ",\"m") + std::to_string(i) + "\":1";
  return "{\"metrics\":{" + text + "}}";
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, BadReport,
    testing::Values(
        Bad{"words", "epoch 20: done", "not JSON"}, Bad{"nan", R"({"metrics":{"a":NaN}})", "null"},
        Bad{"infinite", R"({"metrics":{"a":1e999}})", "not finite as null"},
        Bad{"list", "[1]", "it is [1], but must be a JSON object"},
        Bad{"cut", std::string(4096, '['), "longer than the 4096 bytes"},
        Bad{"metrics_text", R"({"metrics":"good"})", "metrics is \"good\", but must be"},
        Bad{"metric_twice", R"({"metrics":[{"name":"a","value":1},{"name":"a","value":2}]})",
            "metric a is 2, but must be there once only"},
        Bad{"metric_without_name", R"({"metrics":[{"value":1}]})",
            "the name of a metric is missing"},
        Bad{"metric_name_long", "{\"metrics\":{\"" + std::string(129, 'a') + "\":1}}",
            "1 to 128 characters"},
        Bad{"metric_name_control", "{\"metrics\":{\"a\\u0000b\":1}}", "1 to 128 characters"},
        Bad{"metrics_many", Metrics(101), "at most 100 metrics"},
        Bad{"artifact_text", R"({"artifact":"s3://a"})",
            "artifact is \"s3://a\", but must be an object"},
        Bad{"uri_number", R"({"artifact":{"uri":7}})", "artifact.uri is 7, but must be a URI"},
        Bad{"uri_path", R"({"artifact":{"uri":"/models"}})", "must be a URI"},
        Bad{"uri_space", R"({"artifact":{"uri":"s3://a b"}})", "without spaces"},
        Bad{"digest", R"({"artifact":{"digest":"sha256:AB"}})", "artifact.digest is \"sha256:AB\""},
        Bad{"size_negative", R"({"artifact":{"sizeBytes":-1}})", "artifact.sizeBytes is -1"},
        Bad{"size_fraction", R"({"artifact":{"sizeBytes":1.5}})", "artifact.sizeBytes is 1.5"},
        Bad{"datasets_object", R"({"datasets":{"name":"a"}})", "a list of objects"},
        Bad{"dataset_twice", R"({"datasets":[{"name":"a"},{"name":"a"}]})", "there once only"},
        Bad{"dataset_version", R"({"datasets":[{"name":"a","version":3}]})",
            "datasets[].version is 3"},
        Bad{"baseline", R"({"baseline":{}})", "baseline.uri is missing"},
        Bad{"schema_list", R"({"schema":[]})", "schema is [], but must be an object"},
        Bad{"schema_object", R"({"schema":{"inputs":{"x":"FP32"}}})", "a list of objects"},
        Bad{"tensor_without_name", R"({"schema":{"inputs":[{"datatype":"FP32"}]}})",
            "schema.inputs[].name is missing"},
        Bad{"tensor_datatype", R"({"schema":{"outputs":[{"name":"y","datatype":3}]}})",
            "schema.outputs[].datatype is 3"},
        Bad{"tensor_shape",
            R"({"schema":{"inputs":[{"name":"x","datatype":"FP32","shape":[1.5]}]}})",
            "schema.inputs[].shape is 1.5"},
        Bad{"tensor_dimensions",
            R"({"schema":{"inputs":[{"name":"x","datatype":"A","shape":[1,1,1,1,1,1,1,1,1]}]}})",
            "at most 8"},
        Bad{"tensor_twice",
            R"({"schema":{"inputs":[{"name":"x","datatype":"A"},{"name":"x","datatype":"A"}]}})",
            "there once only"}),
    BadName);

TEST(ReadReport, TakesTheTrainerOfAPodAndItsImage) {
  PodView pod;
  pod.containers.resize(2);
  pod.containers[0].name = "sidecar";
  pod.containers[0].termination_message = "bye";
  pod.containers[1].name = kContainer;
  pod.containers[1].termination_message = R"({"metrics":{"a":1}})";
  pod.containers[1].image_digest = kDigest;
  const auto result = ReadReport(pod, "/dev/termination-log");
  EXPECT_THAT(result.metrics, ElementsAre(Metric("a", "1")));
  EXPECT_EQ(result.image_digest, kDigest);
  pod.containers[1].image_digest = "sha256:short";
  EXPECT_FALSE(ReadReport(pod, "/dev/termination-log").image_digest);
  EXPECT_EQ(ReadReport(PodView{}, "/dev/termination-log"), api::TrainingResult{});
}

}  // namespace
}  // namespace slipway::training_job
