#include <gtest/gtest.h>

#include "tests/unit/run/write_samples.hpp"

namespace slipway {
namespace {

TEST(StampBody, MarksAChildSoThatItCanBeFoundFromEverywhere) {
  const json body = StampBody(kOwner, kPods.type, kChild, {{"spec", {{"x", 1}}}}, false);
  EXPECT_EQ(body["apiVersion"], "v1");
  EXPECT_EQ(body["kind"], "Pod");
  EXPECT_EQ(body["metadata"]["name"], "churn-x");
  EXPECT_EQ(body["metadata"]["labels"]["slipway.dev/owner-uid"], "job-uid");
  EXPECT_EQ(body["metadata"]["annotations"]["slipway.dev/owner"], "team/churn");
  EXPECT_EQ(body["metadata"]["ownerReferences"][0]["uid"], "job-uid");
  EXPECT_EQ(body["metadata"]["ownerReferences"][0]["blockOwnerDeletion"], true);
}

TEST(StampBody, AChildInAnotherClusterOrNamespaceGetsNoOwnerReference) {
  for (const ObjectKey& key :
       {ObjectKey{{"aks"}, "team", "x"}, ObjectKey{kHomeCluster, "o", "x"}}) {
    const json body = StampBody(kOwner, kPods.type, key, json::object(), false);
    EXPECT_FALSE(body["metadata"].contains("ownerReferences"));
    EXPECT_EQ(body["metadata"]["labels"]["slipway.dev/owner-uid"], "job-uid");
  }
}

TEST(StampBody, WhatOutlivesItsOwnerNamesItWithoutAReference) {
  const json body = StampBody(kOwner, kPods.type, kChild, json::object(), false, true);
  EXPECT_FALSE(body["metadata"].contains("ownerReferences"));
  EXPECT_EQ(body["metadata"]["labels"]["slipway.dev/owner-uid"], "job-uid");
  EXPECT_EQ(body["metadata"]["labels"]["slipway.dev/owner-kind"], "TrainingJob");
  EXPECT_EQ(body["metadata"]["annotations"]["slipway.dev/owner"], "team/churn");
}

TEST(BelongsTo, NeedsLabelAndOwnerReference) {
  JsonParser parser;
  auto meta = *DecodeMeta(*parser.Parse(Live("u", "job-uid").dump()));
  EXPECT_TRUE(BelongsTo(kOwner, kChild, meta));
  auto forged = meta;
  forged.owner.reset();
  EXPECT_FALSE(BelongsTo(kOwner, kChild, forged));
  EXPECT_TRUE(BelongsTo(kOwner, {{"aks"}, "team", "churn-x"}, forged));
  auto unlabelled = meta;
  unlabelled.labels.clear();
  EXPECT_FALSE(BelongsTo(kOwner, kChild, unlabelled));
}

TEST(ApplyWrite, GivesAChildItsLabelsBack) {
  Write write(kOwner, Apply{kServices.type, kChild, {}}, {});
  write.Next();
  write.OnResponse(Ok(WithoutLabels(Live("u-7", "job-uid"))));
  const auto request = write.Next();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, HttpRequest::Method::kPatch);
  const json body = json::parse(request->body);
  EXPECT_EQ(body["metadata"]["uid"], "u-7");
  EXPECT_EQ(body["metadata"]["labels"]["slipway.dev/owner-uid"], "job-uid");
}

TEST(ApplyWrite, IsSkippedWhenNothingWouldChange) {
  const Apply apply{kServices.type, kChild, {{"spec", {{"clusterIP", "None"}}}}};
  json live = StampBody(kOwner, kServices.type, kChild, apply.body, true);
  live["metadata"]["uid"] = "u";
  live["spec"]["ipFamilies"] = {"IPv4"};
  Write write(kOwner, apply, Snapshot({Cached(live)}));
  EXPECT_TRUE(write.Skipped());
  EXPECT_FALSE(write.Next());
}

TEST(ApplyWrite, SeesAnEditByOthersAndAFieldThatIsNoLongerWanted) {
  const Apply before{kServices.type, kChild, {{"spec", {{"a", 1}, {"b", 2}}}}};
  json live = StampBody(kOwner, kServices.type, kChild, before.body, true);
  live["metadata"]["uid"] = "u";
  json edited = live;
  edited["spec"]["a"] = 9;
  EXPECT_FALSE(Write(kOwner, before, Snapshot({Cached(edited)})).Skipped());
  const Apply without_b{kServices.type, kChild, {{"spec", {{"a", 1}}}}};
  EXPECT_FALSE(Write(kOwner, without_b, Snapshot({Cached(live)})).Skipped());
}

TEST(ApplyWrite, AKnownObjectIsChangedAsItWasSeen) {
  const Apply apply{kServices.type, kChild, {{"spec", {{"a", 1}}}}};
  Write write(kOwner, apply, Snapshot({Cached(Live("u-7", "job-uid", "99"))}));
  const auto request = write.Next();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, HttpRequest::Method::kPatch);
  EXPECT_NE(request->target.find("force=true"), std::string::npos);
  const json meta = json::parse(request->body)["metadata"];
  EXPECT_EQ(meta["uid"], "u-7");
  EXPECT_EQ(meta["resourceVersion"], "99") << "a newer plan may have changed it meanwhile";
}

TEST(ApplyWrite, AnUnknownNameIsLookedAtBeforeAnythingIsWritten) {
  const Apply apply{kServices.type, kChild, {{"spec", {{"a", 1}}}}};
  Write fresh(kOwner, apply, {});
  EXPECT_EQ(fresh.Next()->method, HttpRequest::Method::kGet);
  fresh.OnResponse(Fail(Code::kNotFound, "absent"));
  const auto request = fresh.Next();
  EXPECT_EQ(request->method, HttpRequest::Method::kPatch);
  EXPECT_EQ(request->target.find("force=true"), std::string::npos);

  Write taken(kOwner, apply, {});
  taken.Next();
  taken.OnResponse(Ok(Live("u", "another-uid")));
  EXPECT_FALSE(taken.Next());
  EXPECT_TRUE(taken.Failure()->foreign);
}

TEST(DeleteWrite, CarriesUidAndVersionOfALiveRead) {
  Write write(kOwner, Delete{kPods.type, kChild, "u-7", "why", 0}, {});
  EXPECT_EQ(write.Next()->method, HttpRequest::Method::kGet);
  write.OnResponse(Ok(Live("u-7", "job-uid", "99")));
  const auto request = write.Next();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, HttpRequest::Method::kDelete);
  const json body = json::parse(request->body);
  EXPECT_EQ(body["preconditions"]["uid"], "u-7");
  EXPECT_EQ(body["preconditions"]["resourceVersion"], "99");
  EXPECT_EQ(body["gracePeriodSeconds"], 0);
}

TEST(DeleteWrite, DoesNothingToASuccessorOrToAnAbsentObject) {
  for (const auto& answer : {Result<HttpResponse>(Ok(Live("u-8", "job-uid"))),
                             Result<HttpResponse>(Ok(Live("u-7", "another-uid"))),
                             Result<HttpResponse>(Fail(Code::kNotFound, "absent"))}) {
    Write write(kOwner, Delete{kPods.type, kChild, "u-7", "why", std::nullopt}, {});
    write.Next();
    write.OnResponse(answer);
    EXPECT_FALSE(write.Next());
    EXPECT_FALSE(write.Failure());
  }
}

TEST(DeleteWrite, AConflictIsReportedSoThatThePassIsRepeated) {
  Write write(kOwner, Delete{kPods.type, kChild, "u-7", "why", std::nullopt}, {});
  write.Next();
  write.OnResponse(Ok(Live("u-7", "job-uid", "99")));
  write.Next();
  write.OnResponse(Fail(Code::kConflict, "moved on"));
  EXPECT_FALSE(write.Next());
  ASSERT_TRUE(write.Failure());
  EXPECT_EQ(write.Failure()->error.code, Code::kConflict);
}

TEST(DeleteWrite, MayBeMeantForWhatWasSeenAlone) {
  const auto look = [](bool as_seen, const char* live_version) {
    auto seen = std::make_shared<Object>();
    seen->type = kPods.type;
    seen->key = kChild;
    seen->meta.resource_version = {"98"};
    Write write(kOwner, Delete{kPods.type, kChild, "u-7", "why", std::nullopt, as_seen},
                Snapshot({seen}));
    write.Next();
    write.OnResponse(Ok(Live("u-7", "job-uid", live_version)));
    return write;
  };
  EXPECT_TRUE(look(true, "98").Next());
  EXPECT_TRUE(look(false, "99").Next());
  Write changed = look(true, "99");
  EXPECT_FALSE(changed.Next());
  ASSERT_TRUE(changed.Failure());
  EXPECT_EQ(changed.Failure()->error.code, Code::kConflict);
  EXPECT_FALSE(changed.Failure()->foreign);
}

TEST(DeleteWrite, TakesWhatHasLostItsLabelsSinceItWasSeen) {
  Write write(kOwner, Delete{kPods.type, kChild, "u-7", "why", std::nullopt}, {});
  write.Next();
  write.OnResponse(Ok(WithoutLabels(Live("u-7", "job-uid", "99"))));
  const auto request = write.Next();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, HttpRequest::Method::kDelete);
  const json body = json::parse(request->body);
  EXPECT_EQ(body["preconditions"]["uid"], "u-7");
  EXPECT_EQ(body["preconditions"]["resourceVersion"], "99");
  EXPECT_FALSE(body.contains("gracePeriodSeconds"));
}

TEST(DeleteWrite, LeavesAPodAloneThatBearsOurLabelsWithoutOurReference) {
  json released = Live("u-7", "job-uid");
  released["metadata"].erase("ownerReferences");
  Write write(kOwner, Delete{kPods.type, kChild, "u-7", "why", std::nullopt}, {});
  write.Next();
  write.OnResponse(Ok(released));
  EXPECT_FALSE(write.Next());
  EXPECT_FALSE(write.Failure());
}

TEST(DeleteWrite, TheOwnerMayDeleteItself) {
  Write write(kOwner, Delete{kJobType, kOwner.key, "job-uid", "ttl", std::nullopt}, {});
  write.Next();
  write.OnResponse(
      Ok({{"metadata", {{"name", "churn"}, {"uid", "job-uid"}, {"resourceVersion", "5"}}}}));
  EXPECT_EQ(write.Next()->method, HttpRequest::Method::kDelete);
}

TEST(ApplyWrite, IsSkippedForAnObjectFromAListToo) {
  // The items of a list carry neither apiVersion nor kind.
  const json body = {{"spec", {{"x", 1}}}};
  json live = StampBody(kOwner, kServices.type, kChild, body, true);
  live["metadata"]["uid"] = "u";
  live["metadata"]["resourceVersion"] = "7";
  live.erase("apiVersion");
  live.erase("kind");
  const Snapshot world({Cached(live)});
  Write write(kOwner, Apply{kServices.type, kChild, body}, world);
  EXPECT_FALSE(write.Next());
  EXPECT_TRUE(write.Skipped());
}

TEST(AnyWrite, RefusedFromOutsideIsAFailureWithoutARequest) {
  Write write(kOwner, Create{kPods.type, kChild, {}}, {});
  write.Refuse({Code::kNotFound, "the owner is gone", {}});
  EXPECT_FALSE(write.Next());
  ASSERT_TRUE(write.Failure());
  EXPECT_EQ(write.Failure()->error.code, Code::kNotFound);
}

TEST(PatchWrite, ChangesWhatWasSeenAndNothingElse) {
  const Snapshot world({Cached(Live("u", "job-uid", "7"), kPods.type)});
  Write write(kOwner, Patch{kPods.type, kChild, {{"spec", {{"x", nullptr}}}}, "why"}, world);
  const auto request = write.Next();
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, HttpRequest::Method::kPatch);
  EXPECT_EQ(request->content_type, "application/merge-patch+json");
  const json body = json::parse(request->body);
  EXPECT_EQ(body["metadata"]["uid"], "u");
  EXPECT_EQ(body["metadata"]["resourceVersion"], "7");
  EXPECT_TRUE(body["spec"]["x"].is_null());
  write.OnResponse(Ok(Live("u", "job-uid", "8")));
  EXPECT_FALSE(write.Next());
  EXPECT_FALSE(write.Failure());
  EXPECT_EQ(write.Version(), 8u);
}

TEST(PatchWrite, WhatHasChangedSinceIsLookedAtAgain) {
  const Snapshot world({Cached(Live("u", "job-uid", "7"), kPods.type)});
  Write write(kOwner, Patch{kPods.type, kChild, json::object(), ""}, world);
  write.Next();
  write.OnResponse(Fail(Code::kConflict, "changed"));
  EXPECT_FALSE(write.Next());
  ASSERT_TRUE(write.Failure());
  EXPECT_EQ(write.Failure()->error.code, Code::kConflict);
}

TEST(PatchWrite, WhatIsGoneNeedsNoChange) {
  const Snapshot world({Cached(Live("u", "job-uid", "7"), kPods.type)});
  Write write(kOwner, Patch{kPods.type, kChild, json::object(), ""}, world);
  write.Next();
  write.OnResponse(Fail(Code::kNotFound, "gone"));
  EXPECT_FALSE(write.Next());
  EXPECT_FALSE(write.Failure());
}

TEST(PatchWrite, WhatIsNotOursIsNotTouched) {
  for (const Snapshot& world :
       {Snapshot(), Snapshot({Cached(Live("u", "another-uid", "7"), kPods.type)})}) {
    Write write(kOwner, Patch{kPods.type, kChild, json::object(), ""}, world);
    EXPECT_FALSE(write.Next());
    ASSERT_TRUE(write.Failure());
    EXPECT_EQ(write.Failure()->error.code, Code::kConflict);
  }
}

}  // namespace
}  // namespace slipway
