#include <gmock/gmock.h>

#include "controllers/isolation/artifacts.hpp"
#include "controllers/model_deployment/kind.hpp"
#include "controllers/model_version/kind.hpp"

namespace slipway::isolation {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Case {
  std::string uri;
  bool under;
};

TEST(IsolationArtifacts, OnlyWhatBeginsWithItIsUnderIt) {
  for (const auto& [uri, under] : std::initializer_list<Case>{
           {"s3://models.corp/churn/7", true},
           {"S3://Models.CORP/churn/7", true},
           {"s3://models.corp/Churn/7", true},
           {"s3://models.corp/a..b/c...", true},
           {"s3://models.corp/", true},
           {"s3://models.corp", false},
           {"s3://models.corp.evil/churn", false},
           {"s3://models.corp@evil/churn", false},
           {"s3://evil@models.corp/churn", false},
           {"s3://models.corp:443/churn", false},
           {"s3://models.corp\\churn/", false},
           {"s3://models.corp?/churn", false},
           {"s3://models.corp#/churn", false},
           {"s3://models.corp%2f/churn", false},
           {"s3://models/corp/churn", false},
           {"s3:///models.corp/churn", false},
           {"gs://models.corp/churn", false},
           {"s3s://models.corp/churn", false},
           {"x://s3://models.corp/churn", false},
           {"s3://models.corp/../evil", false},
           {"s3://models.corp/a/../../evil", false},
           {"s3://models.corp/..", false},
           {"s3://models.corp/..;/evil", false},
           {"s3://models.corp/%2e%2e/evil", false},
           {"s3://models.corp/.%2E/evil", false},
           {"s3://models.corp/..%2fevil", false},
           {"s3://models.corp/%252e%252e/evil", false},
           {"s3://models.corp/a%5C..%5Cevil", false},
           {"s3://models.corp/..\\evil", false},
           {"", false},
           {"://", false},
       }) {
    EXPECT_EQ(IsUnder(uri, "s3://models.corp/"), under) << uri;
  }
  EXPECT_TRUE(IsUnder("https://Models.corp/team-a/churn", "https://models.corp/team-a/"));
  EXPECT_FALSE(IsUnder("https://models.corp/Team-a/churn", "https://models.corp/team-a/"));
  EXPECT_FALSE(IsUnder("https://models.corp/team-ab/churn", "https://models.corp/team-a/"));
  EXPECT_TRUE(IsUnder("pvc://models/churn", "pvc://models/"));
  EXPECT_TRUE(IsUnder("file:///models/churn", "file:///models/"));
  EXPECT_FALSE(IsUnder("file://evil/models/churn", "file:///models/"));
}

TEST(IsolationArtifacts, OfSeveralPoliciesEachHolds) {
  ArtifactRules rules;
  EXPECT_TRUE(rules.AllowsAll());
  AddArtifacts({{"s3://a/", "s3://b/"}, {}, true}, rules);
  AddArtifacts({{}, {"onnx"}, false}, rules);
  AddArtifacts({{"s3://a/"}, {}, false}, rules);
  EXPECT_THAT(rules.allowed_uris,
              ElementsAre(ElementsAre("s3://a/", "s3://b/"), ElementsAre("s3://a/")));
  EXPECT_THAT(rules.allowed_formats, ElementsAre(ElementsAre("onnx")));
  EXPECT_TRUE(rules.require_digest);
  EXPECT_FALSE(rules.AllowsAll());
}

const std::string kDigest = "sha256:" + std::string(64, 'a');

/// A deployment of one variant, the version that it names, and what its Deployment is to be.
struct World {
  api::ModelDeployment deployment;
  api::ModelVersion version;
  Rules rules;
  Settings settings;
  bool with_version = true;
  json spec = {
      {"replicas", 1},
      {"template",
       {{"spec",
         {{"initContainers", {{{"name", "isolation-probe"}}}},
          {"containers",
           {{{"name", "server"},
             {"image", "registry.corp/churn:1"},
             {"volumeMounts",
              {{{"name", "slipway-model"}, {"mountPath", "/model"}, {"readOnly", true}}}}}}}}}}}};

  World() {
    deployment.meta.name = "churn";
    api::Variant variant;
    variant.name = "blue";
    variant.model_version_ref = api::ModelVersionRef{"churn-7"};
    variant.model.emplace();
    variant.model->mount_path = "/model";
    deployment.spec.variants.push_back(variant);
    version.spec.model_name = "churn";
    version.spec.artifact = {"s3://models.corp/churn/7", kDigest, "onnx", {}};
    rules.policies = {"pci"};
    rules.artifacts.require_digest = true;
    settings.worker_image = "registry.corp/slipway:1";
  }

  std::optional<Problem> Admit() {
    const ObjectKey key{kHomeCluster, "team-a", "churn"};
    const auto object = [](const ResourceType& type, const ObjectKey& where, auto body) {
      return std::make_shared<const Object>(Object{
          type, where, body.meta, std::make_shared<const decltype(body)>(std::move(body)), ""});
    };
    std::vector<ObjectPtr> objects{
        object(model_deployment::kModelDeployments.type, key, deployment)};
    if (with_version) {
      objects.push_back(
          object(model_version::kModelVersions.type, {kHomeCluster, "team-a", "churn-7"}, version));
    }
    const Snapshot world(objects);
    Action action =
        Apply{kDeployments.type,
              {kHomeCluster, "team-a", "churn-blue"},
              json{{"metadata", {{"labels", {{"slipway.dev/variant", "blue"}}}}}, {"spec", spec}}};
    auto problem = AdmitModel(*objects.front(), action, rules, world, settings);
    made = std::get<Apply>(action).body["spec"]["template"]["spec"];
    return problem;
  }
  std::string Why() {
    const auto problem = Admit();
    if (problem) {
      EXPECT_EQ(problem->reason, "ArtifactNotAllowed");
      EXPECT_TRUE(problem->stalled);
      EXPECT_THAT(problem->message, AllOf(HasSubstr("variant blue"), HasSubstr("pci")));
    }
    return problem ? problem->message : "";
  }
  std::vector<std::string> InitContainers() const {
    std::vector<std::string> names;
    for (const auto& one : made.value("initContainers", json::array()))
      names.push_back(one["name"]);
    return names;
  }

  json made;
};

TEST(IsolationArtifacts, FilesAreComparedAfterTheProbe) {
  World world;
  EXPECT_EQ(world.Why(), "");
  EXPECT_THAT(world.InitContainers(), ElementsAre("isolation-probe", "verify-model"));
  const json& look = world.made["initContainers"][1];
  EXPECT_THAT(look["args"], ElementsAre("--path=/model", "--digest=" + kDigest));
  EXPECT_EQ(look["volumeMounts"], world.spec["template"]["spec"]["containers"][0]["volumeMounts"]);

  world.spec["template"]["spec"].erase("initContainers");
  world.Admit();
  EXPECT_THAT(world.InitContainers(), ElementsAre("verify-model")) << "where there is no probe";

  world.rules.artifacts.require_digest = false;
  world.rules.artifacts.allowed_formats = {{"onnx"}};
  EXPECT_EQ(world.Why(), "");
  EXPECT_THAT(world.InitContainers(), ElementsAre());
}

TEST(IsolationArtifacts, ARefusalNamesWhatAndTheWayOut) {
  World world;
  world.rules.artifacts.allowed_uris = {{"s3://models.corp/"}, {"s3://models.corp/churn/"}};
  EXPECT_EQ(world.Why(), "");
  world.version.spec.artifact.uri = "s3://models.corp/fraud/1";
  EXPECT_THAT(world.Why(), AllOf(HasSubstr("churn-7"), HasSubstr("s3://models.corp/fraud/1"),
                                 HasSubstr("(s3://models.corp/churn/)")));
  world.version.spec.artifact.uri = "s3://models.corp/churn/../fraud";
  EXPECT_THAT(world.Why(), HasSubstr("may lead elsewhere"));
  world.rules.artifacts.allowed_uris.clear();

  world.rules.artifacts.allowed_formats = {{"onnx", "safetensors"}};
  EXPECT_EQ(world.Why(), "");
  world.version.spec.artifact.format = "joblib";
  EXPECT_THAT(world.Why(), AllOf(HasSubstr("joblib"), HasSubstr("onnx, safetensors")));
  world.version.spec.artifact.format.reset();
  EXPECT_THAT(world.Why(), HasSubstr("artifact.format is missing"));
  world.rules.artifacts.allowed_formats.clear();

  world.version.spec.artifact.digest.reset();
  EXPECT_THAT(world.Why(), AllOf(HasSubstr("artifact.digest"), HasSubstr("slipway digest")));
  world.version.meta.deleted = Instant{};
  EXPECT_THAT(world.Why(), HasSubstr("churn-7, which is not there"));
  world.with_version = false;
  EXPECT_THAT(world.Why(), HasSubstr("churn-7, which is not there"));
  world.deployment.spec.variants[0].model_version_ref.reset();
  EXPECT_THAT(world.Why(), HasSubstr("modelVersionRef"));
  world.spec["replicas"] = 0;
  EXPECT_EQ(world.Why(), "") << "without pods nothing is served";
  world.spec.erase("replicas");
  EXPECT_NE(world.Why(), "") << "it is left to an autoscaler";
  world.rules.artifacts = {};
  EXPECT_EQ(world.Why(), "");
}

TEST(IsolationArtifacts, AModelInAnImageIsPinnedByIt) {
  World world;
  world.deployment.spec.variants[0].model.reset();
  EXPECT_THAT(world.Why(), AllOf(HasSubstr("registry.corp/churn:1"), HasSubstr("NAME@sha256:")));
  json& server = world.spec["template"]["spec"]["containers"][0];
  server["image"] = "registry.corp/churn@" + kDigest;
  EXPECT_EQ(world.Why(), "");
  EXPECT_THAT(world.InitContainers(), ElementsAre("isolation-probe"));
}

TEST(IsolationArtifacts, WhatCannotBeComparedIsNotServed) {
  World world;
  json& mounts = world.spec["template"]["spec"]["containers"][0]["volumeMounts"];
  for (const char* where : {"/model/weights", "/model/", "/model/../model/x", "/x/../model//y"}) {
    mounts.push_back({{"name", "other"}, {"mountPath", where}});
    EXPECT_THAT(world.Why(), HasSubstr("inside its model")) << where;
    mounts.erase(mounts.size() - 1);
  }
  mounts.push_back({{"name", "other"}, {"mountPath", "/models"}});
  EXPECT_EQ(world.Why(), "");
  world.settings.worker_image.clear();
  EXPECT_THAT(world.Why(), HasSubstr("config.workerImage"));
}

TEST(IsolationArtifacts, OtherActionsHaveNoModel) {
  World world;
  const Object job{{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"}, {}, {}, nullptr, ""};
  Action action = Apply{kDeployments.type, {}, json::object()};
  EXPECT_FALSE(
      AdmitModel(job, action, world.rules, Snapshot(std::vector<ObjectPtr>{}), world.settings));
}

TEST(IsolationArtifacts, APodSaysWhyItsServerDoesNotStart) {
  PodView pod;
  EXPECT_FALSE(WhyNotVerified(pod));
  ContainerState look;
  look.name = "verify-model";
  pod.init_containers.push_back(look);
  EXPECT_FALSE(WhyNotVerified(pod)) << "it has not ended";
  pod.init_containers[0].exit_code = 0;
  EXPECT_FALSE(WhyNotVerified(pod));
  pod.init_containers[0].exit_code = 137;
  pod.init_containers[0].terminated_reason = "OOMKilled";
  EXPECT_THAT(WhyNotVerified(pod)->message, HasSubstr("OOMKilled"));
  EXPECT_EQ(WhyNotVerified(pod)->reason, "ModelUnreadable");
}

}  // namespace
}  // namespace slipway::isolation
