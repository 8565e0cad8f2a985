#include "crds/gen/check.hpp"

#include <gmock/gmock.h>

#include "tests/unit/crds/widget.hpp"

namespace slipway::crdgen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> Problems(const std::string& manifest) {
  const auto crd = ParseCrd(std::string(kGoodCrd), "widgets.yaml");
  const auto documents = ParseYaml(manifest, "sample.yaml");
  if (!crd || !documents) return {"test input is broken"};
  std::vector<std::string> texts;
  for (const Violation& violation : CheckAgainst(crd->root, documents->at(0), "")) {
    texts.push_back(violation.Text());
  }
  return texts;
}

TEST(CheckAgainst, AcceptsWhatFits) {
  EXPECT_THAT(Problems("metadata: {name: x, whatever: 1}\n"
                       "spec: {size: 3, colour: Red, tags: [a, b], labels: {any: x}}"),
              IsEmpty());
}

struct Case {
  const char* name;
  const char* spec;
  const char* problem;
};

std::string CaseName(const testing::TestParamInfo<Case>& test) { return test.param.name; }

class CheckAgainstRule : public testing::TestWithParam<Case> {};

TEST_P(CheckAgainstRule, NamesPathValueAndRule) {
  EXPECT_THAT(Problems("spec: " + std::string(GetParam().spec)), ElementsAre(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    AllRules, CheckAgainstRule,
    testing::Values(
        Case{"type", "{size: big}",
             "spec.size = \"big\": must be integer; write it without quotes"},
        Case{"list", "{tags: a}", "spec.tags = \"a\": must be array"},
        Case{"unknown", "{sice: 1}",
             "spec.sice = 1: is not a field of this kind; did you mean size?"},
        Case{"minimum", "{size: -1}", "spec.size = -1: must be at least 0"},
        Case{"maximum", "{size: 10}", "spec.size = 10: must be at most 9"},
        Case{"value", "{colour: Green}", "spec.colour = \"Green\": must be one of Red, Blue"},
        Case{"length", "{tags: [abcdefghij]}",
             "spec.tags[0] = \"abcdefghij\": is too long; at most 9 characters"},
        Case{"items", "{tags: [a, b, c, d]}",
             "spec.tags = [\"a\",\"b\",\"c\",\"d\"]: has too many entries; at most 3"},
        Case{"properties", "{labels: {a: x, b: x, c: x, d: x}}",
             "spec.labels = {\"a\":\"x\",\"b\":\"x\",\"c\":\"x\",\"d\":\"x\"}: has too many "
             "entries; at most 3"},
        Case{"no_near_field", "{whatever: 1}",
             "spec.whatever = 1: is not a field of this kind; there are size, colour, name, tags, "
             "labels"},
        Case{"null_item", "{tags: [null]}", "spec.tags[0] = null: must be string"},
        Case{"beyond_63_bits", "{size: 9223372036854775807}",
             "spec.size = 9223372036854775807: must be at most 9"},
        Case{"set", "{tags: [a, a]}", "spec.tags[1] = \"a\": is a duplicate"},
        Case{"map", "{labels: {a: 1}}", "spec.labels.a = 1: must be string; write it in quotes"}),
    CaseName);

TEST(CheckAgainst, CountsCharactersAndNotBytes) {
  EXPECT_THAT(Problems("spec: {tags: [äöüäöüäöü]}"), IsEmpty());
}

TEST(CheckAgainst, BytesThatAreNoTextAreShownAsSuch) {
  EXPECT_THAT(Problems("spec: {colour: \"\xff\"}"),
              ElementsAre("spec.colour = \"\xEF\xBF\xBD\": must be one of Red, Blue"));
}

TEST(CheckAgainst, WhatLacksAFieldIsNotShown) {
  EXPECT_THAT(Problems("status: {conditions: [{observedGeneration: 1, secret: hunter2}]}"),
              testing::Contains("status.conditions[0] needs the field type"));
}

TEST(CheckAgainst, RequiredFieldsMustBeThereAndListMapKeysUnique) {
  EXPECT_THAT(Problems("status: {conditions: [{type: A, observedGeneration: 1},"
                       "{type: A, observedGeneration: 2}]}"),
              ElementsAre(StartsWith("status needs"), StartsWith("status.conditions[1] = ")));
}

TEST(FindCrd, NeedsKindAndVersion) {
  const auto crd = ParseCrd(std::string(kGoodCrd), "widgets.yaml");
  ASSERT_TRUE(crd);
  const std::vector<Crd> crds{*crd};
  EXPECT_EQ(FindCrd(crds, {{"apiVersion", "example.com/v1"}, {"kind", "Widget"}}), &crds[0]);
  EXPECT_EQ(FindCrd(crds, {{"apiVersion", "example.com/v2"}, {"kind", "Widget"}}), nullptr);
  EXPECT_EQ(FindCrd(crds, {{"apiVersion", 1}, {"kind", Json::array()}}), nullptr);
  EXPECT_EQ(FindCrd(crds, "Widget"), nullptr);
}

}  // namespace
}  // namespace slipway::crdgen
