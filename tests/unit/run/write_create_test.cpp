#include <gtest/gtest.h>

#include "tests/unit/run/write_samples.hpp"

namespace slipway {
namespace {

TEST(CreateWrite, EndsWithTheVersionOfTheNewObject) {
  Write write(kOwner, Create{kPods.type, kChild, {}}, {});
  const auto request = write.Next();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, HttpRequest::Method::kPost);
  write.OnResponse(Ok(Live("u", "job-uid", "12")));
  EXPECT_FALSE(write.Next());
  EXPECT_FALSE(write.Failure());
  EXPECT_EQ(write.Version(), 12u);
}

TEST(CreateWrite, ATakenNameIsFineIfTheObjectIsOurs) {
  Write write(kOwner, Create{kPods.type, kChild, {}}, {});
  write.Next();
  write.OnResponse(Fail(Code::kAlreadyExists, "exists"));
  EXPECT_EQ(write.Next()->method, HttpRequest::Method::kGet);
  write.OnResponse(Ok(Live("u", "job-uid")));
  EXPECT_FALSE(write.Next());
  EXPECT_FALSE(write.Failure());
}

TEST(CreateWrite, ATakenNameOfSomebodyElseIsReportedAndLeftAlone) {
  Write write(kOwner, Create{kPods.type, kChild, {}}, {});
  write.Next();
  write.OnResponse(Fail(Code::kAlreadyExists, "exists"));
  write.Next();
  write.OnResponse(Ok(Live("u", "another-uid")));
  EXPECT_FALSE(write.Next());
  ASSERT_TRUE(write.Failure());
  EXPECT_TRUE(write.Failure()->foreign);
  EXPECT_NE(write.Failure()->error.message.find("team/churn-x"), std::string::npos);
}

TEST(CreateWrite, ATakenNameOfOursWithoutItsLabelsIsReportedAsHidden) {
  Write write(kOwner, Create{kPods.type, kChild, {}}, {});
  write.Next();
  write.OnResponse(Fail(Code::kAlreadyExists, "exists"));
  write.Next();
  write.OnResponse(Ok(WithoutLabels(Live("u", "job-uid"))));
  EXPECT_FALSE(write.Next());
  ASSERT_TRUE(write.Failure());
  EXPECT_EQ(write.Failure()->hidden_uid, "u");
  EXPECT_FALSE(write.Failure()->foreign);
  EXPECT_EQ(write.Failure()->error.code, Code::kConflict) << "it is tried again";
}

TEST(CreateWrite, ATakenNameOfOursThatNoWatchSelectsIsHiddenToo) {
  Write write(kOwner, Create{kPods.type, kChild, {}}, {});
  write.Next();
  write.OnResponse(Fail(Code::kAlreadyExists, "exists"));
  write.Next();
  json live = Live("u", "job-uid");
  live["metadata"]["labels"].erase("app.kubernetes.io/managed-by");
  write.OnResponse(Ok(live));
  ASSERT_TRUE(write.Failure());
  EXPECT_EQ(write.Failure()->hidden_uid, "u");
}

/// A record by the name, found when its creation met AlreadyExists.
Write Meet(const json& record) {
  Write write(kOwner, Create{kPods.type, kChild, json::object(), true}, {});
  write.Next();
  write.OnResponse(Fail(Code::kAlreadyExists, "exists"));
  write.Next();
  write.OnResponse(Ok(record));
  EXPECT_FALSE(write.Next());
  return write;
}

json Record(const std::string& owner_uid) {
  json record = Live("u", owner_uid);
  record["metadata"].erase("ownerReferences");
  return record;
}

TEST(CreateWrite, ARecordIsSentWithoutAnOwnerReference) {
  Write write(kOwner, Create{kPods.type, kChild, json::object(), true}, {});
  const json body = json::parse(write.Next()->body);
  EXPECT_FALSE(body["metadata"].contains("ownerReferences"));
  EXPECT_EQ(body["metadata"]["labels"]["slipway.dev/owner-uid"], "job-uid");
}

TEST(CreateWrite, ATakenNameIsFineIfTheRecordIsOurs) {
  const Write write = Meet(Record("job-uid"));
  EXPECT_FALSE(write.Failure());
  EXPECT_EQ(write.Version(), 7u);
}

TEST(CreateWrite, ARecordOfOursIsNeverDeletedToMakeRoom) {
  json record = Record("job-uid");
  record["metadata"]["labels"].erase("app.kubernetes.io/managed-by");
  EXPECT_FALSE(Meet(record).Failure());
}

TEST(CreateWrite, ARecordOfSomebodyElseIsReportedAndLeftAlone) {
  const Write other = Meet(Record("another-uid"));
  ASSERT_TRUE(other.Failure());
  EXPECT_TRUE(other.Failure()->foreign);
  const Write unlabelled = Meet(WithoutLabels(Record("job-uid")));
  ASSERT_TRUE(unlabelled.Failure());
  EXPECT_TRUE(unlabelled.Failure()->foreign) << "the planner knows it by what cannot be changed";
  EXPECT_EQ(unlabelled.Failure()->hidden_uid, "");
}

}  // namespace
}  // namespace slipway
