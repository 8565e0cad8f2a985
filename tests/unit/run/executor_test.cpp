#include "operator/run/executor.hpp"

#include <gmock/gmock.h>

#include "operator/kube/workloads.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr ResourceType kJobType{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"};
const Owner kOwner{kJobType, {kHomeCluster, "team", "churn"}, "job-uid", 2, {"5"}};
const ObjectKey kChild{kHomeCluster, "team", "churn-x"};

json OwnerBody(const std::string& uid, const std::string& version) {
  return {{"metadata",
           {{"name", "churn"}, {"namespace", "team"}, {"uid", uid}, {"resourceVersion", version}}}};
}

class ExecutorTest : public ::testing::Test {
 protected:
  std::vector<WriteFailure> Execute(std::vector<Action> actions) {
    return executor_.Execute(kOwner, actions, {});
  }

  SystemClock clock_;
  Metrics metrics_{clock_};
  WriteBarrier barrier_;
  Result<HttpResponse> owner_ = HttpResponse{200, OwnerBody("job-uid", "5").dump(), {}};
  std::chrono::milliseconds may_write_for_ = 10s;
  ScriptedApi api_{[this](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.target.ends_with("/trainingjobs/churn")) return owner_;
    if (request.method == HttpRequest::Method::kGet)
      return HttpResponse{404, R"({"kind":"Status","details":{"name":"x"}})", {}};
    return HttpResponse{201, R"({"metadata":{"name":"x","uid":"u","resourceVersion":"9"}})", {}};
  }};
  std::unique_ptr<Client> client_ = api_.Connect(metrics_, clock_);
  Executor executor_{{{kHomeCluster, client_.get()}}, barrier_, metrics_, clock_, [this] {
                       return may_write_for_;
                     }};
};

TEST_F(ExecutorTest, AnOwnerThatIsGoneGetsNoChildBesideADelete) {
  // The owner's 404 must not pass for the absence of an object that is to be applied.
  owner_ = HttpResponse{404, R"({"kind":"Status","details":{"name":"x"}})", {}};
  const auto failures =
      Execute({Apply{kServices.type, kChild, {}}, Delete{kPods.type, kChild, "u", {}, {}}});
  EXPECT_THAT(failures, SizeIs(2));
  EXPECT_THAT(api_.Asked(), Each(StartsWith("GET ")));
}

TEST_F(ExecutorTest, AnOwnerThatChangedIsNotServedByAnOldPlan) {
  owner_ = HttpResponse{200, OwnerBody("job-uid", "6").dump(), {}};
  EXPECT_THAT(Execute({Delete{kPods.type, kChild, "u", {}, {}}}), SizeIs(1));
  EXPECT_THAT(Execute({Apply{kServices.type, kChild, {}}}), SizeIs(1));
  EXPECT_THAT(api_.Asked(), SizeIs(2)) << "the owner alone";
}

TEST_F(ExecutorTest, NothingIsMadeForAnOwnerThatIsGone) {
  EXPECT_THAT(Execute({Create{kPods.type, kChild, {}}}), IsEmpty());
  EXPECT_THAT(api_.Asked(), ElementsAre(StartsWith("GET "), StartsWith("POST ")));
  owner_ = HttpResponse{404, R"({"kind":"Status","details":{"name":"x"}})", {}};
  EXPECT_THAT(Execute({Create{kPods.type, kChild, {}}}), SizeIs(1));
  EXPECT_THAT(api_.Asked(), SizeIs(3)) << "the owner alone";
}

TEST_F(ExecutorTest, ADeleteOfWhatIsGoneIsDone) {
  EXPECT_THAT(Execute({Delete{kPods.type, kChild, "u", {}, {}}}), IsEmpty());
}

TEST_F(ExecutorTest, WithoutLeadershipNothingIsSent) {
  may_write_for_ = 0ms;
  const auto failures = Execute({Create{kPods.type, kChild, {}}});
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].error.code, Code::kUnavailable);
  EXPECT_FALSE(executor_.WriteStatus(kOwner, {}));
  EXPECT_THAT(api_.Asked(), IsEmpty());
}

TEST_F(ExecutorTest, NoWriteOutlastsTheLeadership) {
  may_write_for_ = 700ms;
  EXPECT_THAT(Execute({Create{kPods.type, kChild, {}}}), IsEmpty());
  EXPECT_TRUE(executor_.WriteStatus(kOwner, {}));
  EXPECT_THAT(api_.Asked(), SizeIs(3));
  EXPECT_THAT(api_.Deadlines(), Each(Le(700ms)));
}

TEST_F(ExecutorTest, AChildWithoutItsLabelsMakesRoomForItsSuccessor) {
  const std::string pod = "/api/v1/namespaces/team/pods/churn-x";
  ScriptedApi api([&](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.method == HttpRequest::Method::kPost) return Fail(Code::kAlreadyExists, "exists");
    if (request.target.ends_with("/trainingjobs/churn")) return owner_;
    json live = OwnerBody("u-7", "9");
    live["metadata"]["ownerReferences"] = {{{"uid", "job-uid"}, {"controller", true}}};
    return HttpResponse{200, live.dump(), {}};
  });
  const auto client = api.Connect(metrics_, clock_);
  Executor executor({{kHomeCluster, client.get()}}, barrier_, metrics_, clock_, [] { return 10s; });
  const auto failures = executor.Execute(kOwner, {Create{kPods.type, kChild, json::object()}}, {});
  ASSERT_THAT(failures, SizeIs(1));
  EXPECT_EQ(failures[0].error.code, Code::kConflict);
  EXPECT_THAT(api.Asked(),
              ElementsAre("GET /apis/slipway.dev/v1alpha1/namespaces/team/trainingjobs/churn",
                          StartsWith("POST "), "GET " + pod,
                          "GET /apis/slipway.dev/v1alpha1/namespaces/team/trainingjobs/churn",
                          "GET " + pod, "DELETE " + pod))
      << "the owner is confirmed before anything is deleted";
}

}  // namespace
}  // namespace slipway
