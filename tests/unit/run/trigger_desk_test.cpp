#include "operator/run/trigger_desk.hpp"

#include <gmock/gmock.h>

#include "operator/kube/workloads.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr ResourceType kTriggerType{"slipway.dev", "v1alpha1", "TrainingTrigger",
                                    "trainingtriggers"};

class StillClock final : public Clock {
 public:
  Instant Now() const override { return *ParseTime("2026-09-01T12:00:00Z"); }
  SteadyInstant Steady() const override { return SteadyInstant{} + passed; }
  std::chrono::milliseconds passed{1'000'000};
};

class TriggerDeskTest : public ::testing::Test {
 protected:
  ReportAnswer Send(std::string_view body = "{}", std::string_view token = "token") {
    return desk_.Take("team", "churn", token, body, "192.0.2.7");
  }

  json token_review_ = {{"status",
                         {{"authenticated", true},
                          {"audiences", {"slipway.dev/triggers"}},
                          {"user",
                           {{"username", "system:serviceaccount:ci:builder"},
                            {"uid", "7"},
                            {"groups", {"system:serviceaccounts"}},
                            {"extra", {{"example.com/x", {"y"}}}}}}}}};
  json access_review_ = {{"status", {{"allowed", true}}}};
  Result<HttpResponse> read_ = HttpResponse{200, "", {}};
  std::vector<Result<HttpResponse>> written_{HttpResponse{200, "{}", {}}};
  TakenRequest made_{202, "the-job", json{{"taken", true}}};
  AuthorizedRequest got_;
  std::vector<json> bodies_;
  std::size_t reads_ = 0, writes_ = 0;
  ScriptedApi api_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    if (!request.body.empty()) bodies_.push_back(json::parse(request.body));
    if (request.resource == "tokenreviews") return HttpResponse{201, token_review_.dump(), {}};
    if (request.resource == "subjectaccessreviews") {
      return HttpResponse{201, access_review_.dump(), {}};
    }
    if (request.method == HttpRequest::Method::kGet) {
      if (!read_ || read_->status != 200) return read_;
      const json meta = {{"name", "churn"},
                         {"namespace", "team"},
                         {"uid", "u"},
                         {"resourceVersion", std::to_string(10 + reads_++)}};
      return HttpResponse{200, json{{"metadata", meta}, {"clusterIP", ""}}.dump(), {}};
    }
    return written_[std::min(writes_++, written_.size() - 1)];
  }};
  /// A kind of which it only matters what it makes of a request.
  const Controller controller_{
      "training-trigger",
      Resource<ServiceView>{kTriggerType, DecodeService},
      {},
      [](const ReconcileInput&) { return Outcome{}; },
      {},
      {},
      [this](const ReconcileInput& input, const AuthorizedRequest& request) {
        EXPECT_NE(input.world.FindObject(kTriggerType, input.key), nullptr);
        got_ = request;
        return made_;
      }};
  const Controller other_{"training-job",
                          Resource<ServiceView>{kTriggerType, DecodeService},
                          {},
                          [](const ReconcileInput&) { return Outcome{}; }};
  StillClock clock_;
  Metrics metrics_{clock_};
  std::unique_ptr<Client> client_ = api_.Connect(metrics_, clock_);
  TriggerDesk desk_{{&other_, &controller_}, *client_, clock_};
};

TEST_F(TriggerDeskTest, WhoMayAskIsSaidByTheApiServerAndWhatIsTakenIsRecorded) {
  const auto answer = Send(R"({"id": "a"})");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.text, "the-job");
  EXPECT_EQ(got_.user, "system:serviceaccount:ci:builder");
  const std::string object = " /apis/slipway.dev/v1alpha1/namespaces/team/trainingtriggers/churn";
  EXPECT_THAT(api_.Asked(),
              ElementsAre(StartsWith("POST /apis/authentication.k8s.io/v1/tokenreviews"),
                          StartsWith("POST /apis/authorization.k8s.io/v1/subjectaccessreviews"),
                          "GET" + object, StartsWith("PUT" + object + "/status")));
  ASSERT_THAT(bodies_, SizeIs(3));
  EXPECT_EQ(bodies_[0]["spec"],
            json({{"token", "token"}, {"audiences", {"slipway.dev/triggers"}}}));
  EXPECT_EQ(bodies_[1]["spec"], json::parse(R"({
    "user": "system:serviceaccount:ci:builder", "uid": "7", "groups": ["system:serviceaccounts"],
    "extra": {"example.com/x": ["y"]}, "resourceAttributes": {"namespace": "team",
    "verb": "trigger", "group": "slipway.dev", "version": "v1alpha1",
    "resource": "trainingtriggers", "name": "churn"}})"));
  EXPECT_EQ(bodies_[2]["metadata"]["resourceVersion"], "10");
  EXPECT_EQ(bodies_[2]["status"], json({{"taken", true}}));
}

TEST_F(TriggerDeskTest, WhatIsRefusedByTheKindIsSaidAndNotWritten) {
  made_ = {409, "it is suspended", {}};
  EXPECT_EQ(Send().status, 409);
  EXPECT_EQ(Send().text, "it is suspended");
  made_ = {429, "too many wait", {}};
  EXPECT_GT(Send().retry_after, 0s);
  EXPECT_EQ(writes_, 0U);
}

TEST_F(TriggerDeskTest, OnlyAGoodTokenForRequestsCounts) {
  const json good = token_review_;
  for (const json& patch : {json{{"authenticated", false}}, json{{"authenticated", nullptr}},
                            json{{"audiences", {"slipway.dev/reports"}}},
                            json{{"audiences", nullptr}}, json{{"user", nullptr}}}) {
    token_review_ = good;
    token_review_.merge_patch({{"status", patch}});
    const auto answer = Send();
    EXPECT_EQ(answer.status, 401) << patch.dump();
    EXPECT_THAT(answer.text, HasSubstr("--audience slipway.dev/triggers"));
  }
  EXPECT_EQ(Send("{}", "\xFF").status, 401);
  for (const auto& asked : api_.Asked()) EXPECT_THAT(asked, HasSubstr("tokenreviews"));
}

TEST_F(TriggerDeskTest, WhoMayNotDoesNotLearnWhetherTheObjectIsThere) {
  for (const json& status :
       {json{{"allowed", false}}, json{{"allowed", true}, {"denied", true}}, json::object()}) {
    access_review_["status"] = status;
    const auto answer = Send();
    EXPECT_EQ(answer.status, 403);
    EXPECT_THAT(answer.text,
                StartsWith("system:serviceaccount:ci:builder may not trigger trainingtriggers"));
  }
  EXPECT_EQ(reads_, 0U);
}

TEST_F(TriggerDeskTest, AnObjectThatIsNotThereIsNotFound) {
  read_ = HttpResponse{404,
                       R"({"kind":"Status","reason":"NotFound","message":"no",
                             "details":{"name":"churn","kind":"trainingtriggers"}})",
                       {}};
  const auto answer = Send();
  EXPECT_EQ(answer.status, 404);
  EXPECT_EQ(answer.text, "there is no TrainingTrigger team/churn");
}

TEST_F(TriggerDeskTest, AConflictIsTriedAgainAtTheNewVersion) {
  const HttpResponse conflict{
      409, R"({"kind":"Status","reason":"Conflict","message":"moved"})", {}};
  written_ = {conflict, conflict, HttpResponse{200, "{}", {}}};
  EXPECT_EQ(Send().status, 202);
  EXPECT_EQ(bodies_.back()["metadata"]["resourceVersion"], "12");
  written_ = {conflict};
  EXPECT_EQ(Send().status, 503);
}

TEST_F(TriggerDeskTest, NothingIsPromisedThatIsNotRecorded) {
  written_ = {HttpResponse{500, "oops", {}}};
  const auto answer = Send();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.retry_after, 10s);
}

TEST_F(TriggerDeskTest, WhatCannotBeARequestCostsNone) {
  EXPECT_EQ(Send(std::string(4097, ' ')).status, 413);
  EXPECT_EQ(Send("\xFF").status, 400);
  EXPECT_EQ(Send("{}", "").status, 401);
  for (const char* name : {"", ".", "..", "a/b", "A", "a%2f", "-a", "a-"}) {
    EXPECT_EQ(desk_.Take("team", name, "token", "{}", "192.0.2.7").status, 404) << name;
    EXPECT_EQ(desk_.Take(name, "churn", "token", "{}", "192.0.2.7").status, 404) << name;
  }
  TriggerDesk nobody({&other_}, *client_, clock_);
  EXPECT_EQ(nobody.Take("team", "churn", "token", "{}", "192.0.2.7").status, 404);
  EXPECT_THAT(api_.Asked(), IsEmpty());
}

TEST_F(TriggerDeskTest, AFloodIsTurnedAwayAndForgotten) {
  int taken = 0;
  for (int i = 0; i < 200; ++i) taken += Send().status == 202 ? 1 : 0;
  EXPECT_GE(taken, 20);
  EXPECT_LE(taken, 22);
  const auto answer = Send();
  EXPECT_EQ(answer.status, 429);
  EXPECT_EQ(answer.retry_after, 1s);
  clock_.passed += 1s;
  EXPECT_EQ(Send().status, 202);
}

}  // namespace
}  // namespace slipway
