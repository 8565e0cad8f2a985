#include <fmt/core.h>
#include <gmock/gmock.h>

#include <optional>

#include "controllers/model_version/mirror_report.hpp"
#include "controllers/model_version/mlflow_mirror.hpp"

namespace slipway::model_version {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

api::ModelVersion Version() {
  api::ModelVersion version;
  version.meta.ns = "team";
  version.meta.name = "churn-7";
  version.meta.uid = "u-7";
  version.spec.model_name = "churn";
  version.spec.version = 7;
  version.spec.artifact.uri = "s3://models/churn/7";
  version.spec.artifact.digest = "sha256:ab";
  version.spec.metrics = {{"auc", "0.846"}, {"val/loss", "9.1e-02"}};
  version.spec.lineage = api::Lineage{};
  version.spec.lineage->parameters = {{"lr", "0.1"}};
  version.spec.lineage->code = api::SourceCode{};
  version.spec.lineage->code->git.url = "https://git.example/churn.git";
  version.spec.lineage->code->git.commit = "0123";
  version.status = api::ModelVersionStatus{};
  version.status->aliases = {"champion"};
  return version;
}

/// As much of MLflow as is called, which may break off at a call: before it acts or after.
class Mlflow {
 public:
  MlflowServer Server() {
    return [this](const MlflowCall& call) -> Result<json> {
      if (breaks_before_ && ++calls_ > *breaks_before_) return Gone();
      auto answer = Answer(call);
      if (!call.body.is_null() && call.path != "runs/search") writes_.push_back(call.path);
      if (breaks_after_ && ++calls_ > *breaks_after_) return Gone();
      return answer;
    };
  }
  void BreakBefore(int calls) { breaks_before_ = calls; }
  void BreakAfter(int calls) { breaks_after_ = calls; }
  void Restart() {
    breaks_before_.reset();
    breaks_after_.reset();
    calls_ = 0;
    writes_.clear();
  }

  std::vector<json> runs, versions;
  std::map<std::string, std::string> aliases;
  std::vector<std::string> writes_;

 private:
  static tl::unexpected<Error> Gone() { return Fail(Code::kUnavailable, "gone"); }

  Result<json> Answer(const MlflowCall& call) {
    if (call.path == "experiments/get-by-name") {
      if (!experiment_) return Fail(Code::kNotFound, "no experiment");
      return json{{"experiment", {{"experiment_id", "1"}, {"lifecycle_stage", "active"}}}};
    }
    if (call.path == "experiments/create") {
      if (experiment_) return Fail(Code::kAlreadyExists, "there is one");
      experiment_ = true;
      return json{{"experiment_id", "1"}};
    }
    if (call.path == "registered-models/get") {
      if (!model_) return Fail(Code::kNotFound, "no model");
      json model = {{"name", "team.churn"}};
      for (const auto& [alias, version] : aliases) {
        model["aliases"].push_back({{"alias", alias}, {"version", version}});
      }
      return json{{"registered_model", model}};
    }
    if (call.path == "registered-models/create") {
      model_ = true;
      return json::object();
    }
    if (call.path == "registered-models/alias") {
      aliases[call.body.at("alias").get<std::string>()] =
          call.body.at("version").get<std::string>();
      return json::object();
    }
    if (call.path.starts_with("runs/")) return Runs(call);
    return Versions(call);
  }

  Result<json> Runs(const MlflowCall& call) {
    if (call.path == "runs/search") {
      EXPECT_EQ(call.body.at("filter"), "tags.`slipway.uid` = 'u-7'");
      return runs.empty() ? json::object() : json{{"runs", runs}};
    }
    if (call.path == "runs/create") {
      runs.push_back({{"info",
                       {{"run_id", fmt::format("run-{}", runs.size())},
                        {"start_time", call.body.at("start_time")},
                        {"status", "RUNNING"}}},
                      {"data", {{"tags", call.body.at("tags")}}}});
      return json::object();
    }
    for (json& run : runs) {
      if (run["info"]["run_id"] != call.body.at("run_id")) continue;
      if (call.path == "runs/update") run["info"]["status"] = call.body.at("status");
      for (const char* kind : {"metrics", "params", "tags"}) {
        if (!call.body.contains(kind)) continue;
        for (const json& item : call.body.at(kind)) run["data"][kind].push_back(item);
      }
    }
    return json::object();
  }

  Result<json> Versions(const MlflowCall& call) {
    if (call.path == "model-versions/search") {
      if (versions.empty()) return json::object();
      return json{{"model_versions", versions}};  // Without their aliases, as MLflow does.
    }
    EXPECT_EQ(call.path, "model-versions/create");
    json version = call.body;
    version["version"] = std::to_string(versions.size() + 3);  // MLflow counts by itself.
    versions.push_back(version);
    return json::object();
  }

  bool experiment_ = false;
  bool model_ = false;
  int calls_ = 0;
  std::optional<int> breaks_before_;
  std::optional<int> breaks_after_;
};

TEST(MirrorInto, MakesWhatIsThereAndSaysWhere) {
  Mlflow mlflow;
  const auto place = MirrorInto(mlflow.Server(), MakeMlflowRecord(Version()));
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ(place->model, "team.churn");
  EXPECT_EQ(place->version, "3");
  EXPECT_EQ(place->run_id, "run-0");
  ASSERT_THAT(mlflow.runs, SizeIs(1));
  EXPECT_EQ(mlflow.runs[0]["info"]["status"], "FINISHED");
  EXPECT_EQ(mlflow.runs[0]["data"]["metrics"],
            json::parse(R"([{"key": "auc", "value": 0.846, "timestamp": 0, "step": 0},
                            {"key": "val/loss", "value": 0.091, "timestamp": 0, "step": 0}])"));
  EXPECT_EQ(mlflow.runs[0]["data"]["params"], json::parse(R"([{"key": "lr", "value": "0.1"}])"));
  ASSERT_THAT(mlflow.versions, SizeIs(1));
  EXPECT_EQ(mlflow.versions[0]["source"], "s3://models/churn/7");
  EXPECT_EQ(mlflow.versions[0]["run_id"], "run-0");
  EXPECT_THAT(mlflow.versions[0]["description"].get<std::string>(),
              HasSubstr("# churn, version 7"));
  EXPECT_THAT(mlflow.aliases, ElementsAre(Pair("champion", "3")));
}

TEST(MirrorInto, WritesNothingTheSecondTime) {
  Mlflow mlflow;
  const auto record = MakeMlflowRecord(Version());
  ASSERT_TRUE(MirrorInto(mlflow.Server(), record));
  mlflow.Restart();
  ASSERT_TRUE(MirrorInto(mlflow.Server(), record));
  EXPECT_THAT(mlflow.writes_, IsEmpty());
}

TEST(MirrorInto, BrokenOffAnywhereItGoesOnWhereItWas) {
  const auto record = MakeMlflowRecord(Version());
  for (int calls = 0; calls < 20; ++calls) {
    for (const bool acts : {false, true}) {
      Mlflow mlflow;
      acts ? mlflow.BreakAfter(calls) : mlflow.BreakBefore(calls);
      const auto first = MirrorInto(mlflow.Server(), record);
      mlflow.Restart();
      const auto second = MirrorInto(mlflow.Server(), record);
      ASSERT_TRUE(second) << calls << " calls: " << second.error().message;
      EXPECT_THAT(mlflow.runs, SizeIs(1)) << calls;
      EXPECT_THAT(mlflow.versions, SizeIs(1)) << calls;
      EXPECT_THAT(mlflow.runs[0]["data"]["metrics"], SizeIs(2)) << calls;
      EXPECT_EQ(mlflow.runs[0]["info"]["status"], "FINISHED") << calls;
      if (first) {
        EXPECT_EQ(first->run_id, second->run_id);
      }
    }
  }
}

TEST(MirrorInto, PointsIntoTheRunWhereMlflowTakesNoAddress) {
  Mlflow mlflow;
  api::ModelVersion version = Version();
  version.spec.artifact.uri = "https://models.example/churn/7";
  ASSERT_TRUE(MirrorInto(mlflow.Server(), MakeMlflowRecord(version)));
  ASSERT_THAT(mlflow.versions, SizeIs(1));
  EXPECT_EQ(mlflow.versions[0]["source"], "runs:/run-0/model");
  EXPECT_THAT(MakeMlflowRecord(version).tags,
              Contains(Pair("slipway.artifact.uri", "https://models.example/churn/7")));
}

TEST(MirrorInto, OfTwoRunsTheFirstCounts) {
  // Two pods at once have made one each; the second one's is left alone.
  Mlflow mlflow;
  const auto record = MakeMlflowRecord(Version());
  for (const char* id : {"run-b", "run-a"}) {
    mlflow.runs.push_back({{"info", {{"run_id", id}, {"start_time", 0}, {"status", "RUNNING"}}},
                           {"data", json::object()}});
  }
  const auto place = MirrorInto(mlflow.Server(), record);
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ(place->run_id, "run-a");
  EXPECT_THAT(mlflow.runs, SizeIs(2));
}

TEST(MirrorInto, MovesAnAlias) {
  Mlflow mlflow;
  api::ModelVersion version = Version();
  version.status->aliases.clear();
  ASSERT_TRUE(MirrorInto(mlflow.Server(), MakeMlflowRecord(version)));
  EXPECT_THAT(mlflow.aliases, IsEmpty());
  mlflow.aliases["champion"] = "1";
  mlflow.Restart();
  ASSERT_TRUE(MirrorInto(mlflow.Server(), MakeMlflowRecord(Version())));
  EXPECT_THAT(mlflow.aliases, ElementsAre(Pair("champion", "3")));
  EXPECT_THAT(mlflow.writes_, ElementsAre("registered-models/alias"));
}

TEST(MirrorInto, AnAnswerWithoutWhatItShouldHaveIsNoneOfMlflow) {
  const auto server = [](const MlflowCall&) -> Result<json> { return json{{"hello", "world"}}; };
  const auto place = MirrorInto(server, MakeMlflowRecord(Version()));
  ASSERT_FALSE(place);
  EXPECT_EQ(place.error().code, Code::kInternal);
  EXPECT_THAT(place.error().message, HasSubstr("check the tracking URI"));
}

TEST(ReadMlflowAnswer, EachKindOfAnswer) {
  const struct {
    int status;
    const char* body;
    Code code;
  } rows[] = {
      {404, R"({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"})", Code::kNotFound},
      {400, R"({"error_code": "RESOURCE_ALREADY_EXISTS", "message": "no"})", Code::kAlreadyExists},
      {400, R"({"error_code": "INVALID_PARAMETER_VALUE", "message": "no"})", Code::kInvalid},
      {401, "You are not authenticated.", Code::kUnauthorized},
      {403, "Permission denied", Code::kUnauthorized},
      {404, "<html>not here</html>", Code::kInternal},
      {302, "", Code::kInternal},
      {429, "", Code::kThrottled},
      {500, R"({"error_code": "INTERNAL_ERROR", "message": "no"})", Code::kUnavailable},
      {503, "", Code::kUnavailable},
      {200, "<html>hello</html>", Code::kInternal},
      {200, "[1]", Code::kInternal},
  };
  for (const auto& row : rows) {
    const auto answer = ReadMlflowAnswer(row.status, row.body);
    ASSERT_FALSE(answer) << row.status << row.body;
    EXPECT_EQ(answer.error().code, row.code) << row.status << row.body;
    EXPECT_FALSE(answer.error().message.empty());
  }
  EXPECT_TRUE(ReadMlflowAnswer(200, "{}"));
}

TEST(MakeMlflowRecord, NamesThatMlflowTakes) {
  api::ModelVersion version = Version();
  version.spec.lineage->parameters = {{"a@b", "1"},
                                      {"a#b", "2"},
                                      {"../x", "3"},
                                      {"a//b", "4"},
                                      {"x/y", "5"},
                                      {"..", "6"},
                                      {"gr\xC3\xB6\xC3\x9F"
                                       "e",
                                       "7"}};
  const auto params = MakeMlflowRecord(version).params;
  std::vector<std::string> names;
  for (const auto& [name, value] : params) names.push_back(name);
  EXPECT_THAT(names, ElementsAre("a_b", "a_b_2", ".._x", "a__b", "x/y", "__", "gr____e"));
}

TEST(MakeMlflowRecord, WhatItWasMadeFromIsInTheTags) {
  api::ModelVersion version = Version();
  version.spec.lineage->datasets = {{"train", "s3://data", "3", std::nullopt}};
  const auto record = MakeMlflowRecord(version);
  const auto value = [&](const std::string& key) {
    for (const auto& [name, text] : record.tags) {
      if (name == key) return text;
    }
    return std::string();
  };
  EXPECT_EQ(value("slipway.uid"), "u-7");
  EXPECT_EQ(value("slipway.artifact.digest"), "sha256:ab");
  EXPECT_EQ(value("mlflow.source.git.commit"), "0123");
  EXPECT_EQ(value("slipway.dataset.train"), R"({"name":"train","uri":"s3://data","version":"3"})");
}

TEST(MakeMlflowRecord, LeavesOutWhatIsNoDouble) {
  api::ModelVersion version = Version();
  version.spec.metrics = {{"huge", "1e999"}, {"auc", "-0.5"}};
  EXPECT_THAT(MakeMlflowRecord(version).metrics, ElementsAre(Pair("auc", -0.5)));
}

TEST(MakeMlflowRecord, CutsBetweenCharacters) {
  api::ModelVersion version = Version();
  version.spec.card = api::ModelCard{};
  std::string text;
  for (int i = 0; i < 4000; ++i) text += "\xC3\xB6";
  version.spec.card->intended_use = text;
  const auto description = MakeMlflowRecord(version).description;
  EXPECT_LE(description.size(), 5000U);
  EXPECT_TRUE(description.ends_with("\xC3\xB6"));
}

TEST(MirrorReport, ComesBackAsItWas) {
  const auto report =
      ReadMirrorReport(WriteMirrorReport({{"team.churn", "3", "1", "run-0"}, "http://mlflow/#/x"}));
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->place.model, "team.churn");
  EXPECT_EQ(report->place.version, "3");
  EXPECT_EQ(report->place.run_id, "run-0");
  EXPECT_EQ(report->url, "http://mlflow/#/x");
  const auto failure =
      ReadMirrorReport(WriteMirrorFailure({Code::kUnauthorized, "HTTP 401\n\xFF", {}}));
  ASSERT_FALSE(failure);
  EXPECT_EQ(failure.error().code, Code::kUnauthorized);
  EXPECT_THAT(failure.error().message, HasSubstr("HTTP 401"));
  for (const char* text :
       {"", "{}", "[]", "Segmentation fault", R"({"mirrored": {"version": 3}})"}) {
    EXPECT_FALSE(ReadMirrorReport(text)) << text;
  }
}

}  // namespace
}  // namespace slipway::model_version
