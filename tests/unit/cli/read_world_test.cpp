#include "operator/cli/read_world.hpp"

#include <gmock/gmock.h>

#include "operator/cli/look.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kJob = "/apis/slipway.dev/v1alpha1/namespaces/ml/trainingjobs/churn";
constexpr std::string_view kPodsOfAll = "/api/v1/namespaces/ml/pods";

HttpResponse Ok(const json& body) { return {200, body.dump(), {}}; }

/// A refusal as the API server words it.
HttpResponse Refusal(int code, const char* reason, const json& details,
                     const std::string& message) {
  return {code,
          json{{"kind", "Status"},
               {"status", "Failure"},
               {"reason", reason},
               {"details", details},
               {"message", message},
               {"code", code}}
              .dump(),
          {}};
}

json Child(const char* name, const char* owner_uid, const char* kind = "TrainingJob") {
  return {{"metadata",
           {{"name", name},
            {"ownerReferences", {{{"kind", kind}, {"uid", owner_uid}, {"controller", true}}}}}}};
}

class ReadWorldTest : public testing::Test {
 protected:
  Result<World> Read(const ScriptedApi::Answer& answer, const char* target = "tj/churn") {
    ScriptedApi api([&](const HttpRequest& request) { return answer(request); });
    const auto client = api.Connect(metrics_, clock_);
    auto world = ReadWorld(*client, ParseTarget(target).value(), "ml",
                           {kHomeCluster, "slipway-system", "slipway"}, Instant{});
    asked_ = api.Asked();
    return world;
  }

  /// The job and nothing else.
  static HttpResponse Answer(const HttpRequest& request) {
    if (request.target == kJob) return Ok({{"metadata", {{"name", "churn"}, {"uid", "job-1"}}}});
    if (request.verb == "list") return Ok({{"items", json::array()}});
    return Refusal(404, "NotFound", {{"name", "slipway"}}, "not found");
  }

  SystemClock clock_;
  Metrics metrics_{clock_};
  std::vector<std::string> asked_;
};

TEST_F(ReadWorldTest, OnlyReads) {
  const auto world = Read(Answer);
  ASSERT_TRUE(world) << world.error().message;
  EXPECT_EQ(Name(world->resource), "churn");
  EXPECT_TRUE(world->unread.empty());
  EXPECT_FALSE(world->lease) << "a Lease that is not there is no problem of reading";
  EXPECT_THAT(asked_, Each(StartsWith("GET ")));
  EXPECT_THAT(asked_,
              testing::Contains(AllOf(HasSubstr(kPodsOfAll), HasSubstr("owner-uid%3Djob-1"))));
}

TEST_F(ReadWorldTest, TakesAllPagesAndOnlyItsOwn) {
  const auto world = Read([](const HttpRequest& request) {
    if (!request.target.starts_with(kPodsOfAll)) return Answer(request);
    if (request.target.find("continue=next") != std::string::npos) {
      return Ok({{"items", {Child("b", "job-1"), json("no object")}}});
    }
    return Ok({{"metadata", {{"continue", "next"}}},
               {"items", {Child("a", "job-1"), Child("strangers", "job-2")}}});
  });
  ASSERT_TRUE(world);
  ASSERT_EQ(world->pods.size(), 2U);
  EXPECT_EQ(Name(world->pods[0]) + Name(world->pods[1]), "ab");
}

TEST_F(ReadWorldTest, NotesWhatMayNotBeRead) {
  const auto world = Read([](const HttpRequest& request) {
    if (request.target == kJob) return Answer(request);
    return Refusal(403, "Forbidden", json::object(), "ann may not");
  });
  ASSERT_TRUE(world);
  for (const char* what : {"pods", "events", "resourcequotas", "nodes", "lease"}) {
    EXPECT_EQ(world->unread.at(what), "ann may not") << what;
  }
}

TEST_F(ReadWorldTest, NotesAnAnswerThatIsNoJson) {
  const auto world = Read([](const HttpRequest& request) {
    return request.resource == "nodes" ? HttpResponse{200, "<html>", {}} : Answer(request);
  });
  ASSERT_TRUE(world);
  EXPECT_THAT(world->unread.at("nodes"), HasSubstr("no JSON object"));
}

TEST_F(ReadWorldTest, AnObjectThatIsNotThereIsAnErrorWithTheWayOut) {
  const auto world = Read([](const HttpRequest&) {
    return Refusal(404, "NotFound", {{"name", "churn"}, {"kind", "trainingjobs"}}, "not found");
  });
  ASSERT_FALSE(world);
  EXPECT_EQ(world.error().message,
            "there is no TrainingJob churn in namespace ml; kubectl get trainingjobs -A lists all");
}

TEST_F(ReadWorldTest, AClusterWithoutTheKindIsAnErrorThatSaysSo) {
  const auto world = Read([](const HttpRequest&) {
    return HttpResponse{404, "404 page not found", {}};
  });
  ASSERT_FALSE(world);
  EXPECT_THAT(world.error().message,
              HasSubstr("this cluster has no trainingjobs: Slipway's CRDs are not installed"));
}

TEST_F(ReadWorldTest, AnObjectThatMayNotBeReadIsAnErrorInTheServersWords) {
  const auto world = Read([](const HttpRequest&) {
    return Refusal(403, "Forbidden", json::object(), "ann may not get trainingjobs");
  });
  ASSERT_FALSE(world);
  EXPECT_EQ(world.error().message, "ann may not get trainingjobs");
}

TEST_F(ReadWorldTest, OfADeploymentItAlsoReadsWhatMakesThePods) {
  const auto world = Read(
      [](const HttpRequest& request) {
        if (request.resource == "modeldeployments") {
          return Ok({{"metadata", {{"name", "churn"}, {"uid", "md-1"}}}});
        }
        if (request.resource == "pods") {
          return Ok({{"items", {Child("p", "rs-1", "ReplicaSet")}}});
        }
        if (request.resource == "deployments") {
          return Ok({{"items", {Child("d", "md-1", "ModelDeployment")}}});
        }
        return Answer(request);
      },
      "md/churn");
  ASSERT_TRUE(world);
  EXPECT_EQ(world->pods.size(), 1U);
  EXPECT_EQ(world->deployments.size(), 1U);
}

}  // namespace
}  // namespace slipway::cli
