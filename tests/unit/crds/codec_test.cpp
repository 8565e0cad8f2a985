// Properties of the generated codec over the objects in crds/samples and tests/api/valid, completed
// with the defaults of the CRD as the API server does.
#include "crds/generated/codec.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "crds/gen/load.hpp"

namespace slipway::api {
namespace {

namespace fs = std::filesystem;
using crdgen::Crd;
using crdgen::Json;
using crdgen::Schema;
using nlohmann::json;
using testing::HasSubstr;

const fs::path kRoot = SLIPWAY_SOURCE_DIR;

/// What the API server stores: defaults filled in, and as the decoder sees it, int-or-string as
/// text.
void Complete(const Schema& schema, Json& value) {
  if (schema.int_or_string && value.is_number()) value = value.dump();
  for (const auto& [name, property] : schema.properties) {
    if (!value.contains(name) && property.default_value) value[name] = *property.default_value;
    if (value.contains(name)) Complete(property, value[name]);
  }
  if (schema.items) {
    for (Json& item : value) Complete(*schema.items, item);
  }
  if (schema.values) {
    for (auto& [name, item] : value.items()) Complete(*schema.values, item);
  }
}

struct Stored {
  const Crd* crd;
  std::string origin;
  Json object;
};

std::vector<Stored> LoadStored(const std::vector<Crd>& crds) {
  std::vector<Stored> all;
  for (const char* folder : {"crds/samples", "tests/api/valid"}) {
    for (const auto& entry : fs::directory_iterator(kRoot / folder)) {
      const auto documents = crdgen::LoadYaml(entry.path());
      EXPECT_TRUE(documents) << documents.error().message;
      for (Json object : documents.value_or(std::vector<Json>{})) {
        const auto crd = std::ranges::find(crds, object["kind"].get<std::string>(), &Crd::kind);
        EXPECT_NE(crd, crds.end()) << entry.path();
        object["metadata"]["uid"] = "5f1c";
        Complete(crd->root, object);
        all.push_back({&*crd, entry.path().filename().string(), object});
      }
    }
  }
  return all;
}

template <class Kind>
Result<json> SpecThroughCodec(const Result<Kind>& decoded) {
  if (!decoded) return tl::unexpected(decoded.error());
  if constexpr (requires { decoded->status; }) {
    EXPECT_TRUE(decoded->status.has_value());
  }
  return ToJson(decoded->spec);
}

Result<json> SpecThroughCodec(const std::string& kind, const Json& object) {
  JsonParser parser;
  const std::string text = object.dump();
  const auto view = parser.Parse(text);
  if (!view) return tl::unexpected(view.error());
  if (kind == "TrainingJob") return SpecThroughCodec(DecodeTrainingJob(*view));
  if (kind == "TrainingTrigger") return SpecThroughCodec(DecodeTrainingTrigger(*view));
  if (kind == "ModelDeployment") return SpecThroughCodec(DecodeModelDeployment(*view));
  if (kind == "DriftMonitor") return SpecThroughCodec(DecodeDriftMonitor(*view));
  if (kind == "ModelVersion") return SpecThroughCodec(DecodeModelVersion(*view));
  if (kind == "IsolationPolicy") return SpecThroughCodec(DecodeIsolationPolicy(*view));
  if (kind == "ClusterRuntime") return SpecThroughCodec(DecodeClusterRuntime(*view));
  return SpecThroughCodec(DecodeRuntime(*view));
}

class Codec : public testing::Test {
 protected:
  void SetUp() override {
    auto crds = crdgen::LoadCrds(kRoot / "crds");
    ASSERT_TRUE(crds) << crds.error().message;
    crds_ = std::move(*crds);
    stored_ = LoadStored(crds_);
    ASSERT_GE(stored_.size(), 10U);
  }

  std::vector<Crd> crds_;
  std::vector<Stored> stored_;
};

TEST_F(Codec, EncodingWhatWasDecodedGivesTheSameSpec) {
  for (const Stored& stored : stored_) {
    const auto spec = SpecThroughCodec(stored.crd->kind, stored.object);
    ASSERT_TRUE(spec) << stored.origin << ": " << spec.error().message;
    EXPECT_EQ(*spec, json::parse(stored.object["spec"].dump())) << stored.origin;
  }
}

/// Takes each required or defaulted member away in turn and expects the decoder to name it.
void ExpectEachMissed(const Stored& stored, const Schema& schema, Json& whole, Json& value,
                      const std::string& path, int& count) {
  if (schema.title == "RawJson") return;  // It is passed on as it is.
  for (const auto& [name, property] : schema.properties) {
    if (!value.contains(name) || path + name == "metadata") continue;
    const bool needed = schema.Requires(name) || property.default_value;
    if (needed && path + name != "status") {
      const Json taken = value[name];
      value.erase(name);
      const auto spec = SpecThroughCodec(stored.crd->kind, whole);
      ASSERT_FALSE(spec) << stored.origin << ": " << path << name;
      EXPECT_THAT(spec.error().message, testing::StartsWith(path + name + " is missing"));
      EXPECT_EQ(spec.error().code, Code::kInvalid);
      value[name] = taken;
      ++count;
    }
    ExpectEachMissed(stored, property, whole, value[name], path + name + ".", count);
  }
  if (!schema.items) return;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string item = path.substr(0, path.size() - 1) + "[" + std::to_string(i) + "].";
    ExpectEachMissed(stored, *schema.items, whole, value[i], item, count);
  }
}

TEST_F(Codec, AMissingMemberThatTheCrdGuaranteesIsAnErrorWithItsPath) {
  int count = 0;
  for (Stored& stored : stored_) {
    ExpectEachMissed(stored, stored.crd->root, stored.object, stored.object, "", count);
  }
  EXPECT_GE(count, 100);
}

Json MinimalJob() {
  return Json::parse(R"({"metadata": {"name": "a", "uid": "5f1c"}, "spec": {"framework": "Torch",
      "trainer": {"image": "a", "numNodes": 2, "numProcPerNode": 4}, "suspend": false,
      "failurePolicy": {"maxRestarts": 3, "backoffSeconds": 10}, "cleanPodPolicy": "Running"}})");
}

Result<TrainingJob> DecodeJob(const Json& object) {
  JsonParser parser;
  const std::string text = object.dump();
  return parser.Parse(text).and_then([](const JsonView& view) { return DecodeTrainingJob(view); });
}

TEST(CodecOfTrainingJob, AnIntegerIsReadWhereATextIsAlsoAllowed) {
  const auto job = DecodeJob(MinimalJob());
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->spec.trainer.num_proc_per_node, "4");
  EXPECT_FALSE(job->status.has_value());
}

TEST(CodecOfTrainingJob, AnEnumValueOfANewerVersionIsUnknownAndNoError) {
  Json object = MinimalJob();
  object["spec"]["framework"] = "JAX";
  const auto job = DecodeJob(object);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->spec.framework, Framework::kUnknown);
  EXPECT_EQ(ToString(job->spec.framework), "Unknown");
}

TEST(CodecOfTrainingJob, AMemberOfANewerVersionIsPassedOver) {
  Json object = MinimalJob();
  object["spec"]["placement"] = {{"residency", {"EU"}}};
  EXPECT_TRUE(DecodeJob(object));
}

struct WrongType {
  const char* pointer;
  const char* value;
  const char* message;
};

class CodecWrongType : public testing::TestWithParam<WrongType> {};

TEST_P(CodecWrongType, IsAnErrorWithPathRuleAndValue) {
  Json object = MinimalJob();
  object[Json::json_pointer(GetParam().pointer)] = Json::parse(GetParam().value);
  const auto job = DecodeJob(object);
  ASSERT_FALSE(job);
  EXPECT_EQ(job.error().message, GetParam().message);
  EXPECT_EQ(job.error().code, Code::kInvalid);
}

INSTANTIATE_TEST_SUITE_P(
    All, CodecWrongType,
    testing::Values(
        WrongType{"/spec/suspend", R"("no")", R"(spec.suspend must be true or false (it is "no"))"},
        WrongType{"/spec/trainer/numNodes", R"("two")",
                  R"(spec.trainer.numNodes must be an integer of 32 bits (it is "two"))"},
        WrongType{"/spec/trainer/numNodes", "2147483648",
                  "spec.trainer.numNodes must be an integer of 32 bits (it is 2147483648)"},
        WrongType{"/spec/activeDeadlineSeconds", "1.5",
                  "spec.activeDeadlineSeconds must be an integer of 64 bits (it is 1.5)"},
        WrongType{"/spec/trainer/image", "true", "spec.trainer.image must be a text (it is true)"},
        WrongType{"/spec/framework", "7", "spec.framework must be a text (it is 7)"},
        WrongType{"/spec/trainer/args", R"("a")",
                  R"(spec.trainer.args must be a list (it is "a"))"},
        WrongType{"/spec/trainer/env", R"([{"name": "A"}, {"name": {}}])",
                  "spec.trainer.env[1].name must be a text (it is {})"},
        WrongType{"/spec/trainer/resourcesPerNode", R"({"limits": []})",
                  "spec.trainer.resourcesPerNode.limits must be an object (it is [])"},
        WrongType{"/status", R"({"observedGeneration": 1, "startTime": "today"})",
                  R"(status.startTime must be a time such as 2026-09-01T12:00:00Z )"
                  R"((it is "today"))"}));

TEST(CodecOfTrainingJob, WithoutSpecOrMetadataIsAnError) {
  EXPECT_THAT(
      DecodeJob(Json::parse(R"({"metadata": {"name": "a", "uid": "5f1c"}})")).error().message,
      HasSubstr("spec is missing"));
  EXPECT_FALSE(DecodeJob(Json::object()));
}

TEST(CodecOfTrainingJob, AStatusComesBackAsItWasWritten) {
  TrainingJobStatus status;
  status.observed_generation = 7;
  status.phase = TrainingJobPhase::kRestarting;
  status.conditions = {{"Ready", ConditionStatus::kFalse, 7, *ParseTime("2026-09-01T12:00:00Z"),
                        "Restarting", "node 1 failed"}};
  status.nodes = NodeCounts{4, 3, 2, 1, 0};
  status.restarts = 0;
  status.last_failure = NodeFailure{
      *ParseTime("2026-09-01T11:59:59Z"), 1, "job-node-1", "worker-1", "OOMKilled", 137, ""};
  status.message = "";
  Json object = MinimalJob();
  object["status"] = Json::parse(ToJson(status).dump());
  const auto job = DecodeJob(object);
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->status, status);
}

TEST(CodecOfTrainingJob, ConditionsAreWrittenEvenWhenThereAreNone) {
  EXPECT_EQ(ToJson(TrainingJobStatus{}).dump(), R"({"conditions":[],"observedGeneration":0})");
}

TEST(CodecOfTrainingJob, AnEmptyObjectThatIsPresentIsWritten) {
  Volume volume;
  volume.name = "scratch";
  volume.empty_dir.emplace();
  EXPECT_EQ(ToJson(volume).dump(), R"({"emptyDir":{},"name":"scratch"})");
}

}  // namespace
}  // namespace slipway::api
