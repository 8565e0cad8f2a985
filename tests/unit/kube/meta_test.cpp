#include "operator/kube/meta.hpp"

#include <gmock/gmock.h>

namespace slipway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Result<ObjectMeta> Decode(std::string_view json) {
  JsonParser parser;
  return DecodeMeta(*parser.Parse(json));
}

TEST(DecodeMeta, ReadsWhatDecisionsNeed) {
  const auto meta = Decode(R"({"metadata":{
      "name":"a","namespace":"n","uid":"u","resourceVersion":"42","generation":3,
      "creationTimestamp":"2026-09-01T12:00:00Z","deletionTimestamp":"2026-09-01T13:00:00Z",
      "labels":{"app":"x","slipway.dev/owner-uid":"o"},
      "annotations":{"slipway.dev/owner":"n/job","kubectl.kubernetes.io/last-applied":"{...}",
                     "notslipway.dev/x":"y"},
      "ownerReferences":[
        {"kind":"Other","name":"no","uid":"0"},
        {"kind":"TrainingJob","name":"job","uid":"o","controller":true},
        {"kind":"Another","name":"no","uid":"1","controller":false}],
      "managedFields":[{"manager":"x"}]}})");
  ASSERT_TRUE(meta) << meta.error().message;
  EXPECT_EQ(meta->name, "a");
  EXPECT_EQ(meta->ns, "n");
  EXPECT_EQ(meta->uid, "u");
  EXPECT_EQ(meta->resource_version.text, "42");
  EXPECT_EQ(meta->generation, 3);
  EXPECT_EQ(FormatTime(meta->created), "2026-09-01T12:00:00Z");
  EXPECT_EQ(FormatTime(meta->deleted.value()), "2026-09-01T13:00:00Z");
  EXPECT_THAT(meta->labels, ElementsAre(Pair("app", "x"), Pair("slipway.dev/owner-uid", "o")));
  EXPECT_THAT(meta->annotations, ElementsAre(Pair("slipway.dev/owner", "n/job")));
  EXPECT_EQ(meta->owner, (OwnerRef{"TrainingJob", "job", "o"}));
}

TEST(DecodeMeta, TakesAnObjectThatHasOnlyANameAndAUid) {
  const auto meta = Decode(R"({"metadata":{"name":"a","uid":"u"}})");
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->ns, "");
  EXPECT_FALSE(meta->deleted);
  EXPECT_FALSE(meta->owner);
  EXPECT_THAT(meta->labels, IsEmpty());
}

TEST(DecodeMeta, RefusesAnObjectWithoutIdentity) {
  for (const auto* json : {"{}", "[]", "3", R"({"metadata":null})", R"({"metadata":{"uid":"u"}})",
                           R"({"metadata":{"name":3,"uid":"u"}})"}) {
    EXPECT_THAT(Decode(json).error().message, HasSubstr("metadata.name")) << json;
  }
  EXPECT_THAT(Decode(R"({"metadata":{"name":"a"}})").error().message,
              HasSubstr("metadata.uid of \"a\""));
}

TEST(DecodeMeta, SurvivesFieldsOfTheWrongType) {
  const auto meta = Decode(R"({"metadata":{"name":"a","uid":"u","labels":[1],"generation":"x",
      "creationTimestamp":5,"ownerReferences":{"controller":true},"annotations":"none"}})");
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->generation, 0);
  EXPECT_FALSE(meta->owner);
}

}  // namespace
}  // namespace slipway
