#include "operator/run/report_desk.hpp"

#include <gmock/gmock.h>

#include "operator/kube/labels.hpp"
#include "operator/kube/workloads.hpp"
#include "tests/unit/run/scripted_api.hpp"
#include "tests/unit/run/still_clock.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr ResourceType kJobType{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"};

class ReportDeskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    pods_.Expect("");
    pods_.Replace("", {MakePod("churn-node-0", "pod-uid", true), MakePod("server", "u2", false)},
                  {"7"});
  }

  static ObjectPtr MakePod(const std::string& name, const std::string& uid, bool may_report) {
    Object pod;
    pod.type = kPods.type;
    pod.key = {kHomeCluster, "team", name};
    pod.meta.name = name;
    pod.meta.ns = "team";
    pod.meta.uid = uid;
    pod.meta.resource_version = {"5"};
    pod.meta.labels.emplace(labels::kOwnerUid, "job-uid");
    pod.meta.labels.emplace(labels::kOwnerKind, "TrainingJob");
    pod.meta.annotations.emplace(labels::kOwner, "team/churn");
    if (may_report) pod.meta.annotations.emplace(labels::kReports, "true");
    return std::make_shared<const Object>(std::move(pod));
  }

  ReportAnswer Send(std::string_view report = "{}", std::string_view token = "token") {
    return desk_.Take("team", "churn-node-0", token, report, "10.0.0.1");
  }

  json review_ = {
      {"status",
       {{"authenticated", true},
        {"audiences", {"slipway.dev/reports"}},
        {"user", {{"extra", {{"authentication.kubernetes.io/pod-uid", {"pod-uid"}}}}}}}}};
  /// What the job is found to be, version by version; the last one stays.
  std::vector<std::string> uids_{"job-uid"};
  std::vector<Result<HttpResponse>> written_{HttpResponse{200, "{}", {}}};
  std::vector<json> bodies_;
  std::size_t reads_ = 0, writes_ = 0;
  ScriptedApi api_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    if (!request.body.empty()) bodies_.push_back(json::parse(request.body));
    if (request.resource == "tokenreviews") return HttpResponse{201, review_.dump(), {}};
    if (request.method == HttpRequest::Method::kGet) {
      const std::size_t at = reads_++;
      const json meta = {{"name", "churn"},
                         {"namespace", "team"},
                         {"uid", uids_[std::min(at, uids_.size() - 1)]},
                         {"resourceVersion", std::to_string(10 + at)}};
      return HttpResponse{200, json{{"metadata", meta}, {"clusterIP", ""}}.dump(), {}};
    }
    return written_[std::min(writes_++, written_.size() - 1)];
  }};
  /// A kind of which it only matters what it makes of a report.
  const Controller controller_{"training-job",
                               Resource<ServiceView>{kJobType, DecodeService},
                               {},
                               [](const ReconcileInput&) { return Outcome{}; },
                               {},
                               [](const ReconcileInput& input, std::string_view report) {
                                 EXPECT_NE(input.world.FindObject(kJobType, input.key), nullptr);
                                 return TakenReport{
                                     json{{"got", report}, {"at", FormatTime(input.now)}},
                                     report == "bad" ? "it is bad" : ""};
                               }};
  StillClock clock_;
  Metrics metrics_{clock_};
  std::unique_ptr<Client> client_ = api_.Connect(metrics_, clock_);
  Store pods_{kHomeCluster, kPods.type};
  ReportDesk desk_{pods_, {&controller_}, *client_, clock_};
};

TEST_F(ReportDeskTest, AReportBecomesTheStatusAtTheVersionThatWasRead) {
  EXPECT_EQ(Send("{\"x\": \"\xC3\xA9\"}").status, 204);
  EXPECT_THAT(
      api_.Asked(),
      ElementsAre(
          StartsWith("POST /apis/authentication.k8s.io/v1/tokenreviews"),
          "GET /apis/slipway.dev/v1alpha1/namespaces/team/trainingjobs/churn",
          StartsWith("PUT /apis/slipway.dev/v1alpha1/namespaces/team/trainingjobs/churn/status")));
  ASSERT_THAT(bodies_, SizeIs(2));
  EXPECT_EQ(bodies_[0]["spec"], json({{"token", "token"}, {"audiences", {"slipway.dev/reports"}}}));
  EXPECT_EQ(bodies_[1]["metadata"]["uid"], "job-uid");
  EXPECT_EQ(bodies_[1]["metadata"]["resourceVersion"], "10");
  EXPECT_EQ(bodies_[1]["status"],
            json({{"got", "{\"x\": \"\xC3\xA9\"}"}, {"at", "2026-09-01T12:00:00Z"}}));
}

TEST_F(ReportDeskTest, WhatIsWrongWithAReportIsSaidToWhoSentIt) {
  const auto answer = Send("bad");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.text, "it is bad");
  EXPECT_EQ(writes_, 1U) << "the status says so as well";
}

TEST_F(ReportDeskTest, ThePodOfAFormerJobOfTheSameNameReportsToNobody) {
  uids_ = {"another"};
  EXPECT_EQ(Send().status, 410);
  EXPECT_EQ(writes_, 0U);
}

TEST_F(ReportDeskTest, AConflictIsTriedOnceMoreAtTheNewVersion) {
  const HttpResponse conflict{
      409, R"({"kind":"Status","reason":"Conflict","message":"moved"})", {}};
  written_ = {conflict, HttpResponse{200, "{}", {}}};
  EXPECT_EQ(Send().status, 204);
  EXPECT_EQ(bodies_.back()["metadata"]["resourceVersion"], "11");
  written_ = {conflict};
  clock_.passed += 10s;
  EXPECT_EQ(Send().status, 503);
}

TEST_F(ReportDeskTest, WhatCannotBeAReportCostsNoRequest) {
  EXPECT_EQ(Send(std::string(4097, ' ')).status, 413);
  EXPECT_EQ(Send("\xFF").status, 400);
  EXPECT_EQ(Send("{}", "").status, 401);
  EXPECT_EQ(desk_.Take("team", "nobody", "token", "{}", "10.0.0.1").status, 404);
  EXPECT_EQ(desk_.Take("other", "churn-node-0", "token", "{}", "10.0.0.1").status, 404);
  EXPECT_EQ(desk_.Take("team", "server", "token", "{}", "10.0.0.1").status, 404)
      << "was given no means";
  EXPECT_THAT(api_.Asked(), IsEmpty());
}

TEST_F(ReportDeskTest, OnlyTheTokenOfThePodItselfCounts) {
  const json good = review_;
  const auto status_of = [&](const json& patch) {
    review_ = good;
    review_.merge_patch({{"status", patch}});
    clock_.passed += 10s;
    return Send().status;
  };
  EXPECT_EQ(status_of({{"authenticated", false}}), 401);
  EXPECT_EQ(status_of({{"audiences", {"https://kubernetes.default.svc"}}}), 401);
  EXPECT_EQ(status_of({{"audiences", nullptr}}), 401);
  EXPECT_EQ(
      status_of({{"user", {{"extra", {{"authentication.kubernetes.io/pod-uid", {"other"}}}}}}}),
      401);
  EXPECT_EQ(status_of({{"user", {{"extra", nullptr}}}}), 401) << "a token of no pod";
  EXPECT_EQ(status_of({{"user", {{"extra", "pod-uid"}}}}), 401);
  clock_.passed += 10s;
  EXPECT_EQ(Send("{}", "\xFF\xFE").status, 401);
  for (const auto& asked : api_.Asked()) EXPECT_THAT(asked, HasSubstr("tokenreviews"));
}

TEST_F(ReportDeskTest, WhoSendsABadTokenWaitsAndCostsThePodNoTurn) {
  const json good = review_;
  review_["status"]["authenticated"] = false;
  const auto forged = [&] {
    return desk_.Take("team", "churn-node-0", "forged", "{}", "10.0.0.66");
  };
  EXPECT_EQ(forged().status, 401);
  const auto again = forged();
  EXPECT_EQ(again.status, 429);
  EXPECT_EQ(again.retry_after, 10s);
  EXPECT_THAT(api_.Asked(), SizeIs(1));
  review_ = good;
  EXPECT_EQ(Send().status, 204);
}

TEST_F(ReportDeskTest, APodIsHeardEveryTenSeconds) {
  EXPECT_EQ(Send().status, 204);
  clock_.passed += 3s;
  const auto early = Send();
  EXPECT_EQ(early.status, 429);
  EXPECT_EQ(early.retry_after, 7s);
  EXPECT_THAT(api_.Asked(), SizeIs(3));
  clock_.passed += 7s;
  EXPECT_EQ(Send().status, 204);
}

TEST_F(ReportDeskTest, WhatTheApiServerDoesNotTakeIsToldToThePod) {
  written_ = {HttpResponse{500, "oops", {}}};
  const auto answer = Send();
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.retry_after, 10s);
}

TEST_F(ReportDeskTest, BeforeItsCacheIsFullAReplicaSendsPodsAway) {
  Store empty(kHomeCluster, kPods.type);
  empty.Expect("");
  ReportDesk desk(empty, {&controller_}, *client_, clock_);
  EXPECT_EQ(desk.Take("team", "churn-node-0", "token", "{}", "10.0.0.1").status, 503);
}

}  // namespace
}  // namespace slipway
