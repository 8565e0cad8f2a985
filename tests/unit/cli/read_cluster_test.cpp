#include "operator/cli/read_cluster.hpp"

#include <gmock/gmock.h>

#include "crds/gen/embedded.hpp"
#include "operator/cli/look.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

HttpResponse Ok(const json& body) { return {200, body.dump(), {}}; }

HttpResponse Refusal(int code, const char* reason) {
  return {code,
          json{{"kind", "Status"},
               {"status", "Failure"},
               {"reason", reason},
               {"message", "ann may not"},
               {"details", {{"name", "x"}}},
               {"code", code}}
              .dump(),
          {}};
}

class ReadClusterTest : public testing::Test {
 protected:
  /// An installation of one operator, and a job.
  static HttpResponse Answer(const HttpRequest& request) {
    if (request.resource == "deployments") {
      return Ok({{"items",
                  {{{"metadata", {{"name", "slipway"}}},
                    {"spec",
                     {{"template",
                       {{"spec", {{"volumes", {{{"configMap", {{"name", "config"}}}}}}}}}}}}}}}});
    }
    if (request.resource == "trainingjobs") {
      return Ok({{"items", {{{"metadata", {{"name", "x"}, {"managedFields", json::array()}}}}}}});
    }
    if (request.resource == "configmaps") return Ok({{"kind", "ConfigMap"}});
    if (request.resource == "isolationpolicies") {
      return {404, "404 page not found", {}};
    }
    if (request.resource == "selfsubjectreviews") {
      return Ok({{"metadata", {{"creationTimestamp", "2026-11-27T04:00:00Z"}}},
                 {"status", {{"userInfo", {{"username", "ann"}}}}}});
    }
    if (request.target == "/version") return Ok({{"gitVersion", "v1.35.4"}});
    if (request.target == "/apis/apps/v1") return Ok({{"resources", {{{"name", "deployments"}}}}});
    if (request.target.starts_with("/apis/policy/")) return {404, "404 page not found", {}};
    if (request.verb == "list") return Ok({{"items", json::array()}});
    return Refusal(404, "NotFound");
  }

  Installation ReadAllOf(const ScriptedApi::Answer& answer, const Scope& scope) {
    ScriptedApi api([&](const HttpRequest& request) { return answer(request); });
    const auto client = api.Connect(metrics_, clock_);
    Installation installation = ReadInstallation(*client, crds_, scope);
    facts_ = ReadFacts(*client, scope, installation, clock_);
    asked_ = api.Asked();
    return installation;
  }

  SystemClock clock_;
  Metrics metrics_{clock_};
  const std::vector<crdgen::Crd> crds_ = crdgen::EmbeddedCrds().value();
  std::vector<std::string> asked_;
  Facts facts_;
};

TEST_F(ReadClusterTest, OnlyReadsAndAsksWhoIsAsking) {
  const Installation installation = ReadAllOf(Answer, {"ml", "slipway-system"});
  std::vector<std::string> others;
  for (const std::string& asked : asked_) {
    if (!asked.starts_with("GET ")) others.push_back(asked);
  }
  EXPECT_THAT(others,
              ElementsAre(StartsWith("POST /apis/authentication.k8s.io/v1/selfsubjectreviews")));
  EXPECT_THAT(asked_, Contains(HasSubstr("/namespaces/ml/trainingtriggers")));
  EXPECT_THAT(asked_, Contains(HasSubstr("/apis/slipway.dev/v1alpha1/clusterruntimes")));
  EXPECT_THAT(asked_, Contains(HasSubstr("/namespaces/slipway-system/configmaps/config")));
  EXPECT_THAT(asked_, Contains(HasSubstr("/namespaces/ml/pods?")));
  EXPECT_THAT(asked_, Not(Contains(HasSubstr("secrets"))));
  EXPECT_THAT(installation.unread, IsEmpty()) << "a kind that is not served has no objects";
  EXPECT_THAT(Gaps(installation, {"ml", "slipway-system"}), IsEmpty());
  ASSERT_EQ(installation.objects.size(), 3U);
  EXPECT_EQ(Text(installation.objects[0], {"kind"}), "TrainingJob");
  EXPECT_EQ(Text(installation.objects[0], {"apiVersion"}), "slipway.dev/v1alpha1");
  EXPECT_TRUE(At(installation.objects[0], {"metadata", "managedFields"}).is_null());
}

TEST_F(ReadClusterTest, FactsAreWhatWasAnswered) {
  ReadAllOf(Answer, {"", "slipway-system"});
  EXPECT_EQ(facts_.user, "ann");
  EXPECT_EQ(facts_.server_version, "v1.35.4");
  EXPECT_EQ(facts_.server_time, ParseTime("2026-11-27T04:00:00Z"));
  EXPECT_THAT(facts_.served["apps/v1"], ElementsAre("deployments"));
  EXPECT_THAT(facts_.served["policy/v1"], IsEmpty());
  EXPECT_THAT(facts_.unread, IsEmpty());
  EXPECT_THAT(asked_, Contains(HasSubstr("GET /apis/slipway.dev/v1alpha1/trainingjobs?")));
}

TEST_F(ReadClusterTest, WhatMayNotBeReadIsNoted) {
  const auto refuse = [](const HttpRequest&) { return Refusal(403, "Forbidden"); };
  const Installation installation = ReadAllOf(refuse, {"", "slipway-system"});
  for (const char* what : {"trainingjobs", "clusterruntimes", "deployments", "pods"}) {
    EXPECT_EQ(installation.unread.at(what), "ann may not") << what;
  }
  EXPECT_THAT(Gaps(installation, {"", "x"}), Contains("not looked at: deployments (ann may not)"));
  for (const char* what : {"nodes", "namespaces", "services", "/version", "/apis/apps/v1",
                           "selfsubjectreviews", "isolationpolicies"}) {
    EXPECT_EQ(facts_.unread.at(what), "ann may not") << what;
  }
}

TEST_F(ReadClusterTest, AnOperatorThatIsNotThereIsAGap) {
  const Installation installation = ReadAllOf(
      [](const HttpRequest& request) {
        return request.verb == "list" ? Ok({{"items", json::array()}}) : Answer(request);
      },
      {"", "elsewhere"});
  EXPECT_THAT(Gaps(installation, {"", "elsewhere"}),
              ElementsAre(HasSubstr("no operator is in namespace elsewhere")));
}

TEST_F(ReadClusterTest, AServerThatDoesNotAnswerIsAskedOnce) {
  ScriptedApi api([](const HttpRequest&) { return HttpResponse{401, "", {}}; });
  EXPECT_FALSE(Reach(*api.Connect(metrics_, clock_)));
  ScriptedApi strict([](const HttpRequest&) { return Refusal(403, "Forbidden"); });
  EXPECT_TRUE(Reach(*strict.Connect(metrics_, clock_))) << "who may read jobs need not read this";
}

}  // namespace
}  // namespace slipway::cli
