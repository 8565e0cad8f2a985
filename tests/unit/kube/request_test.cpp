#include "operator/kube/request.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace slipway::request {
namespace {

using Method = HttpRequest::Method;
using nlohmann::json;

constexpr ResourceType kPod{"", "v1", "Pod", "pods"};
constexpr ResourceType kDeployment{"apps", "v1", "Deployment", "deployments"};
constexpr ResourceType kNode{"", "v1", "Node", "nodes"};
const ObjectKey kKey{kHomeCluster, "team-a", "job-1"};

TEST(Request, NamesOneObject) {
  EXPECT_EQ(Get(kPod, kKey).target, "/api/v1/namespaces/team-a/pods/job-1");
  EXPECT_EQ(Get(kDeployment, kKey).target, "/apis/apps/v1/namespaces/team-a/deployments/job-1");
  EXPECT_EQ(Get(kNode, {kHomeCluster, "", "n1"}).target, "/api/v1/nodes/n1");
  EXPECT_EQ(Get(kPod, kKey).method, Method::kGet);
  EXPECT_EQ(Get(kPod, kKey).verb, "get");
  EXPECT_EQ(Get(kPod, kKey).resource, "pods");
}

TEST(Request, ListsOneNamespaceOrAll) {
  EXPECT_EQ(List(kPod, "team-a", {}).target, "/api/v1/namespaces/team-a/pods");
  EXPECT_EQ(List(kPod, "", {}).target, "/api/v1/pods");
  EXPECT_EQ(List(kDeployment, "", {"app.kubernetes.io/managed-by=slipway", 500, "a+b/c=="}).target,
            "/apis/apps/v1/deployments?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dslipway"
            "&limit=500&continue=a%2Bb%2Fc%3D%3D");
  EXPECT_EQ(List(kPod, "", {}).verb, "list");
}

TEST(Request, ListsNeverAskForACachedAnswer) {
  EXPECT_EQ(List(kPod, "", {"a=b", 1, "c"}).target.find("resourceVersion"), std::string::npos);
}

TEST(Request, WatchesWithBookmarksAndATimeout) {
  EXPECT_EQ(Watch(kPod, "", {"a=b", {"42"}, std::chrono::seconds(30)}).target,
            "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=30"
            "&labelSelector=a%3Db&resourceVersion=42");
  EXPECT_EQ(Watch(kPod, "", {"", {}, std::chrono::seconds(5), true}).target,
            "/api/v1/pods?watch=true&allowWatchBookmarks=true&timeoutSeconds=5"
            "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
  EXPECT_EQ(Watch(kPod, "", {}).verb, "watch");
}

TEST(Request, Creates) {
  const HttpRequest request = Create(kPod, kKey, "{}", "slipway");
  EXPECT_EQ(request.method, Method::kPost);
  EXPECT_EQ(request.target, "/api/v1/namespaces/team-a/pods?fieldManager=slipway");
  EXPECT_EQ(request.content_type, "application/json");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(request.verb, "create");
}

TEST(Request, AppliesWithAndWithoutForce) {
  const HttpRequest request = Apply(kDeployment, kKey, "{}", "slipway", true);
  EXPECT_EQ(request.method, Method::kPatch);
  EXPECT_EQ(request.target,
            "/apis/apps/v1/namespaces/team-a/deployments/job-1?fieldManager=slipway&force=true");
  EXPECT_EQ(request.content_type, "application/apply-patch+yaml");
  EXPECT_EQ(request.verb, "patch");
  EXPECT_TRUE(Apply(kPod, kKey, "", "m", false).target.ends_with("force=false"));
}

TEST(Request, ReplacesObjectAndStatus) {
  const HttpRequest whole = Replace(kPod, kKey, "{}", "slipway");
  EXPECT_EQ(whole.method, Method::kPut);
  EXPECT_EQ(whole.target, "/api/v1/namespaces/team-a/pods/job-1?fieldManager=slipway");
  EXPECT_EQ(whole.resource, "pods");
  const HttpRequest status = ReplaceStatus(kPod, kKey, "{}", "slipway");
  EXPECT_EQ(status.target, "/api/v1/namespaces/team-a/pods/job-1/status?fieldManager=slipway");
  EXPECT_EQ(status.resource, "pods/status");
  EXPECT_EQ(status.verb, "update");
}

TEST(Request, DeletesExactlyWhatWasSeen) {
  const HttpRequest request = Delete(kPod, kKey, {"uid-1", {"42"}}, 0);
  EXPECT_EQ(request.method, Method::kDelete);
  EXPECT_EQ(request.target, "/api/v1/namespaces/team-a/pods/job-1");
  EXPECT_EQ(json::parse(request.body), json::parse(R"({"apiVersion":"v1","kind":"DeleteOptions",
                            "propagationPolicy":"Background","gracePeriodSeconds":0,
                            "preconditions":{"uid":"uid-1","resourceVersion":"42"}})"));
  const json any_version = json::parse(Delete(kPod, kKey, {"uid-1", {}}).body);
  EXPECT_FALSE(any_version["preconditions"].contains("resourceVersion"));
  EXPECT_FALSE(any_version.contains("gracePeriodSeconds"));
}

TEST(Request, KnowsWhoseTurnItTakes) {
  for (const HttpRequest& request :
       {Get(kPod, kKey), Create(kPod, kKey, "{}", "m"), Apply(kPod, kKey, "{}", "m", true),
        Replace(kPod, kKey, "{}", "m"), ReplaceStatus(kPod, kKey, "{}", "m"),
        Delete(kPod, kKey, {"uid-1", {}})}) {
    EXPECT_EQ(request.ns, "team-a") << request.verb;
  }
  EXPECT_EQ(Get(kNode, {kHomeCluster, "", "n1"}).ns, "");
  EXPECT_EQ(List(kPod, "team-a", {}).ns, "") << "a list does not wait for the writes there";
}

TEST(Request, EncodesNamesSoThatTheyCannotLeaveTheirPlace) {
  EXPECT_EQ(Get(kPod, {kHomeCluster, "../x", "a/b?c#d%e"}).target,
            "/api/v1/namespaces/..%2Fx/pods/a%2Fb%3Fc%23d%25e");
}

TEST(PercentEncode, KeepsUnreservedCharactersOnly) {
  EXPECT_EQ(PercentEncode("AZaz09-._~"), "AZaz09-._~");
  EXPECT_EQ(PercentEncode(" +&=/?#%:,"), "%20%2B%26%3D%2F%3F%23%25%3A%2C");
  EXPECT_EQ(PercentEncode("\xC3\xA4\x01"), "%C3%A4%01");
  EXPECT_EQ(PercentEncode(std::string(1, '\0')), "%00");
  EXPECT_EQ(PercentEncode(""), "");
}

TEST(Method, HasItsHttpName) {
  EXPECT_EQ(ToString(Method::kGet), "GET");
  EXPECT_EQ(ToString(Method::kPost), "POST");
  EXPECT_EQ(ToString(Method::kPut), "PUT");
  EXPECT_EQ(ToString(Method::kPatch), "PATCH");
  EXPECT_EQ(ToString(Method::kDelete), "DELETE");
}

}  // namespace
}  // namespace slipway::request
