#include "operator/run/audit_trail.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "operator/base/digest.hpp"
#include "operator/kube/workloads.hpp"
#include "operator/run/executor.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ResourceType kJobType{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"};
const Owner kOwner{kJobType, {kHomeCluster, "team", "churn"}, "job-uid", 2, {"5"}};
const ObjectKey kChild{kHomeCluster, "team", "churn-x"};

const json kOwnerBody = {{"metadata",
                          {{"name", "churn"},
                           {"namespace", "team"},
                           {"uid", "job-uid"},
                           {"resourceVersion", "5"},
                           {"managedFields",
                            {{{"manager", "kubectl-create"},
                              {"time", "2026-01-01T00:00:00Z"},
                              {"fieldsV1", {{"f:spec", json::object()}}}},
                             {{"manager", "argocd"},
                              {"time", "2026-01-02T00:00:00Z"},
                              {"fieldsV1", {{"f:spec", {{"f:suspend", json::object()}}}}}},
                             {{"manager", "labels-only"},
                              {"time", "2026-01-03T00:00:00Z"},
                              {"fieldsV1", {{"f:metadata", json::object()}}}},
                             {{"manager", "slipway"},
                              {"time", "2026-01-04T00:00:00Z"},
                              {"subresource", "status"},
                              {"fieldsV1", {{"f:spec", json::object()}}}}}}}}};

/// A child of the owner, as the API server has it.
json Child(const std::string& version) {
  return {{"metadata",
           {{"name", "churn-x"},
            {"namespace", "team"},
            {"uid", "child-uid"},
            {"resourceVersion", version},
            {"labels",
             {{"slipway.dev/owner-uid", "job-uid"}, {"app.kubernetes.io/managed-by", "slipway"}}},
            {"ownerReferences", {{{"uid", "job-uid"}, {"controller", true}}}}}}};
}

class AuditTrailTest : public ::testing::Test {
 protected:
  /// The records of what these actions led to.
  std::vector<json> Records(std::vector<Action> actions, const Snapshot& world = {}) {
    std::string text;
    {
      AuditLog log(
          [&](std::string_view line, std::string&) {
            text += line;
            return line.size();
          },
          "me", metrics_, clock_);
      Executor executor(
          {{kHomeCluster, client_.get()}}, barrier_, metrics_, clock_, [] { return 10s; }, &log);
      executor.Execute(kOwner, actions, world);
      log.Flush();
    }
    std::vector<json> records;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) records.push_back(json::parse(line));
    return records;
  }

  SystemClock clock_;
  Metrics metrics_{clock_};
  WriteBarrier barrier_;
  Result<HttpResponse> found_ = Fail(Code::kNotFound, "absent");
  Result<HttpResponse> written_ = HttpResponse{201, Child("9").dump(), {}};
  ScriptedApi api_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.target.ends_with("/trainingjobs/churn")) {
      return HttpResponse{200, kOwnerBody.dump(), {}};
    }
    return request.method == HttpRequest::Method::kGet ? found_ : written_;
  }};
  std::unique_ptr<Client> client_ = api_.Connect(metrics_, clock_);
};

TEST_F(AuditTrailTest, ACreateSaysForWhomAndWhatCameOfIt) {
  const auto records = Records({Create{kPods.type, kChild, json::object()}});
  ASSERT_THAT(records, SizeIs(1));
  const json& record = records[0];
  EXPECT_EQ(record["action"], "Create");
  EXPECT_EQ(record["for"], json({{"kind", "TrainingJob"},
                                 {"namespace", "team"},
                                 {"name", "churn"},
                                 {"uid", "job-uid"},
                                 {"generation", 2},
                                 {"editedBy", "argocd"},
                                 {"editedAt", "2026-01-02T00:00:00Z"}}));
  EXPECT_EQ(record["object"], json({{"apiVersion", "v1"},
                                    {"kind", "Pod"},
                                    {"namespace", "team"},
                                    {"name", "churn-x"},
                                    {"uid", "child-uid"}}));
  EXPECT_TRUE(record["before"].is_null());
  EXPECT_EQ(record["after"]["resourceVersion"], "9");
  EXPECT_EQ(record["after"]["sha256"], audit::StateOf(Child("1").dump())->sha256);
  EXPECT_EQ(record["result"], "Done");
  const json sent = StampBody(kOwner, kPods.type, kChild, json::object(), false);
  EXPECT_EQ(record["sent"], PlainSha256Hex(sent.dump()));
}

TEST_F(AuditTrailTest, ADeleteSaysWhyAndWhatWasThere) {
  found_ = HttpResponse{200, Child("7").dump(), {}};
  const auto records = Records({Delete{kPods.type, kChild, "child-uid", "it is done", {}}});
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0]["action"], "Delete");
  EXPECT_EQ(records[0]["why"], "it is done");
  EXPECT_EQ(records[0]["object"]["uid"], "child-uid");
  EXPECT_EQ(records[0]["before"]["resourceVersion"], "7");
  EXPECT_EQ(records[0]["before"]["sha256"], audit::StateOf(Child("7").dump())->sha256);
  EXPECT_TRUE(records[0]["after"].is_null());
}

TEST_F(AuditTrailTest, WhatIsGoneAlreadyNeedsNoRecord) {
  EXPECT_THAT(Records({Delete{kPods.type, kChild, "child-uid", "", {}}}), IsEmpty());
}

TEST_F(AuditTrailTest, AnApplyOfWhatIsKnownNamesTheVersionThatItReplaces) {
  Object known{kServices.type, kChild, {}, nullptr, Child("8").dump()};
  JsonParser parser;
  known.meta = *DecodeMeta(*parser.Parse(known.json));
  const Snapshot world({std::make_shared<const Object>(known)});
  const auto records = Records({Apply{kServices.type, kChild, json::object()}}, world);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0]["action"], "Apply");
  EXPECT_EQ(records[0]["before"]["resourceVersion"], "8");
  EXPECT_EQ(records[0]["before"]["sha256"], audit::StateOf(known.json)->sha256);
}

TEST_F(AuditTrailTest, APatchOfAProjectionNamesTheVersionAlone) {
  Object known{kPods.type, kChild, {}, nullptr, ""};
  JsonParser parser;
  const std::string text = Child("8").dump();
  known.meta = *DecodeMeta(*parser.Parse(text));
  const Snapshot world({std::make_shared<const Object>(known)});
  const auto records = Records({Patch{kPods.type, kChild, json::object(), "gate"}}, world);
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0]["action"], "Patch");
  EXPECT_EQ(records[0]["before"], json({{"resourceVersion", "8"}}));
  EXPECT_EQ(records[0]["why"], "gate");
}

TEST_F(AuditTrailTest, WhatWasRefusedOrIsUnknownIsRecordedAsThat) {
  for (const Code code : {Code::kForbidden, Code::kTimeout, Code::kConflict}) {
    written_ = Fail(code, "no");
    const auto records = Records({Create{kPods.type, kChild, json::object()}});
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_EQ(records[0]["result"], ToString(code));
    EXPECT_TRUE(records[0]["after"].is_null());
  }
}

TEST_F(AuditTrailTest, WhatHasItsFieldsAlreadyIsNoAction) {
  const json stamped = StampBody(kOwner, kServices.type, kChild, json::object(), true);
  json live = stamped;
  live["metadata"]["uid"] = "child-uid";
  live["metadata"]["resourceVersion"] = "8";
  Object known{kServices.type, kChild, {}, nullptr, live.dump()};
  JsonParser parser;
  known.meta = *DecodeMeta(*parser.Parse(known.json));
  const Snapshot world({std::make_shared<const Object>(known)});
  EXPECT_THAT(Records({Apply{kServices.type, kChild, json::object()}}, world), IsEmpty());
}

}  // namespace
}  // namespace slipway
