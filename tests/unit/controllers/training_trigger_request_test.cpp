#include <gmock/gmock.h>

#include "controllers/training_trigger/controller.hpp"
#include "controllers/training_trigger/request.hpp"
#include "tests/golden/decode.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TriggerRequest : public ::testing::Test {
 protected:
  /// Asks, and keeps the status as the API server would.
  TakenRequest Ask(std::string_view body = "") {
    const Snapshot world = golden::MakeSnapshot(controller_, {trigger_});
    const std::vector<WriteFailure> none;
    TakenRequest taken = controller_.take_request(
        {{kHomeCluster, "team", "churn"}, world, now_, none}, {"alice", body});
    if (taken.status) trigger_["status"] = *taken.status;
    return taken;
  }
  const json& Pending() { return trigger_["status"]["webhook"]["pending"]; }

  const Controller controller_ = MakeTrainingTriggerController(Settings{});
  Instant now_ = *ParseTime("2026-09-01T12:00:00Z");
  json trigger_ = {{"apiVersion", "slipway.dev/v1alpha1"},
                   {"kind", "TrainingTrigger"},
                   {"metadata",
                    {{"name", "churn"},
                     {"namespace", "team"},
                     {"uid", "u"},
                     {"resourceVersion", "1"},
                     {"generation", 1},
                     {"creationTimestamp", "2026-09-01T09:00:00Z"}}},
                   {"spec",
                    {{"timeZone", "UTC"},
                     {"suspend", false},
                     {"concurrencyPolicy", "Allow"},
                     {"successfulJobsHistoryLimit", 3},
                     {"failedJobsHistoryLimit", 1},
                     {"onWebhook", {{"maxPending", 2}}},
                     {"jobTemplate", {{"spec", json::object()}}}}},
                   {"status", {{"observedGeneration", -1}}}};
};

TEST_F(TriggerRequest, WhatIsTakenIsInTheStatusWithWhoHasSentIt) {
  const auto taken = Ask(R"({"id": "build-4711", "cause": "commit 1f3c of main"})");
  EXPECT_EQ(taken.code, 202);
  EXPECT_THAT(taken.text, StartsWith("churn-webhook-"));
  EXPECT_EQ(Pending(), json::parse(R"([{"id": "build-4711", "time": "2026-09-01T12:00:00Z",
                                        "user": "alice", "cause": "commit 1f3c of main"}])"));
}

TEST_F(TriggerRequest, TheSameIdHasTheSameJob) {
  const std::string job = Ask(R"({"id": "a"})").text;
  const auto again = Ask(R"({"id": "a"})");
  EXPECT_EQ(again.code, 200);
  EXPECT_EQ(again.text, job);
  EXPECT_FALSE(again.status);
  EXPECT_NE(Ask(R"({"id": "b"})").text, job);
  trigger_["status"]["webhook"] = {
      {"started", {{{"id", "a"}, {"time", "2026-09-01T12:00:00Z"}, {"job", "the-job"}}}}};
  EXPECT_EQ(Ask(R"({"id": "a"})").text, "the-job");
}

TEST_F(TriggerRequest, WithoutAnIdEachIsAnotherOne) {
  EXPECT_EQ(Ask().code, 202);
  EXPECT_EQ(Ask("{}").code, 202);
  EXPECT_EQ(Pending().size(), 2U);
  EXPECT_NE(Pending()[0]["id"], Pending()[1]["id"]);
}

TEST_F(TriggerRequest, NoMoreWaitThanMay) {
  Ask();
  Ask();
  const auto third = Ask(R"({"id": "c"})");
  EXPECT_EQ(third.code, 429);
  EXPECT_THAT(third.text, HasSubstr("spec.onWebhook.maxPending"));
  EXPECT_FALSE(third.status);
}

TEST_F(TriggerRequest, ATriggerThatTakesNoneSaysWhy) {
  Ask(R"({"id": "a"})");
  trigger_["spec"]["suspend"] = true;
  EXPECT_EQ(Ask(R"({"id": "b"})").code, 409);
  EXPECT_THAT(Ask(R"({"id": "b"})").text, HasSubstr("set spec.suspend to false"));
  EXPECT_EQ(Ask(R"({"id": "a"})").code, 200) << "it was taken before";
  trigger_["spec"]["suspend"] = false;
  trigger_["metadata"]["deletionTimestamp"] = "2026-09-01T11:00:00Z";
  EXPECT_THAT(Ask().text, HasSubstr("is being deleted"));
  trigger_["metadata"].erase("deletionTimestamp");
  trigger_["spec"].erase("onWebhook");
  EXPECT_EQ(Ask().code, 409);
  EXPECT_THAT(Ask().text, HasSubstr("spec.onWebhook is not set; set it"));
}

TEST_F(TriggerRequest, ABodyThatCannotBeUsedIsRefusedWithMemberAndRule) {
  struct Row {
    std::string body;
    std::string says;
  };
  const std::vector<Row> rows = {
      {"build", "must be empty or a JSON object"},
      {"[]", "must be empty or a JSON object"},
      {R"("id")", "must be empty or a JSON object"},
      {R"({"id": 4711})", "id is 4711, but must be a text"},
      {R"({"id": ""})", "id is \"\", but must be a text of 1 to 128"},
      {R"({"id": "a b"})", "id is \"a b\""},
      {R"({"id": "\u00e9"})", "letters, digits"},
      {R"({"id": ")" + std::string(129, 'a') + "\"}", "of 1 to 128"},
      {R"({"id": null})", "id is null"},
      {R"({"cause": "a\nb"})", "cause is "},
      {R"({"cause": ")" + std::string(257, 'a') + "\"}", "of 1 to 256 bytes"},
      {R"({"id": "a", "env": {"X": "1"}})",
       "env is no member that is known; there are id and cause"},
      {R"({"id": "a", "id": 1})", "id is 1"},
  };
  for (const Row& row : rows) {
    const auto refused = Ask(row.body);
    EXPECT_EQ(refused.code, 400) << row.body;
    EXPECT_THAT(refused.text, HasSubstr(row.says)) << row.body;
    EXPECT_FALSE(refused.status) << row.body;
  }
}

TEST_F(TriggerRequest, AnInstallationThatTakesNoneSaysSo) {
  const Snapshot world = golden::MakeSnapshot(controller_, {trigger_});
  const std::vector<WriteFailure> none;
  const Outcome outcome =
      controller_.reconcile({{kHomeCluster, "team", "churn"}, world, now_, none});
  ASSERT_TRUE(outcome.status);
  EXPECT_EQ((*outcome.status)["phase"], "Stalled");
  EXPECT_THAT((*outcome.status)["message"].get<std::string>(), HasSubstr("reports.enabled"));
  EXPECT_FALSE((*outcome.status)["webhook"].contains("url"));
}

TEST_F(TriggerRequest, AStrangersNameFitsIntoTheStatus) {
  const Snapshot world = golden::MakeSnapshot(controller_, {trigger_});
  const std::vector<WriteFailure> none;
  const auto taken = controller_.take_request({{kHomeCluster, "team", "churn"}, world, now_, none},
                                              {std::string(2000, 'x') + "\n", ""});
  ASSERT_TRUE(taken.status);
  EXPECT_LE((*taken.status)["webhook"]["pending"][0]["user"].get<std::string>().size(), 512U);
}

}  // namespace
}  // namespace slipway
