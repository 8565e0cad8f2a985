#include "crds/gen/yaml.hpp"

#include <gtest/gtest.h>

namespace slipway::crdgen {
namespace {

TEST(Yaml, PlainScalarsHaveTypesAndQuotedOnesAreTexts) {
  const auto documents = ParseYaml(
      "{a: 1, b: -2, c: 0.5, d: true, e: null, f: ~, g: text, h: '1', i: \"true\", j: 1.0Gi, "
      "k: inf, l: '', m: 500m}",
      "x");
  ASSERT_TRUE(documents);
  EXPECT_EQ(documents->at(0).dump(),
            R"({"a":1,"b":-2,"c":0.5,"d":true,"e":null,"f":null,"g":"text","h":"1","i":"true",)"
            R"("j":"1.0Gi","k":"inf","l":"","m":"500m"})");
}

TEST(Yaml, MembersKeepTheirOrder) {
  const auto documents = ParseYaml("z: 1\na: 2\n", "x");
  ASSERT_TRUE(documents);
  EXPECT_EQ(documents->at(0).dump(), R"({"z":1,"a":2})");
}

TEST(Yaml, EmptyDocumentsAreLeftOut) {
  const auto documents = ParseYaml("# only a comment\n---\na: 1\n---\n---\nb: 2\n", "x");
  ASSERT_TRUE(documents);
  EXPECT_EQ(documents->size(), 2U);
}

TEST(Yaml, ABrokenTextIsNamedWithItsLine) {
  const auto documents = ParseYaml("a: 1\nb: [1\n", "widgets.yaml");
  ASSERT_FALSE(documents);
  EXPECT_EQ(documents.error().message.find("widgets.yaml:"), 0U) << documents.error().message;
}

TEST(Yaml, TruthHasTheWordsThatKubectlKnows) {
  const auto documents = ParseYaml("[yes, No, ON, off, True, \"yes\", y, yesterday]", "x");
  ASSERT_TRUE(documents);
  EXPECT_EQ(documents->at(0).dump(), R"([true,false,true,false,true,"yes","y","yesterday"])");
}

/// What is refused, and with which words.
void ExpectRefused(const std::string& text, const std::string& why) {
  const auto documents = ParseYaml(text, "x.yaml");
  ASSERT_FALSE(documents) << text.substr(0, 100);
  EXPECT_NE(documents.error().message.find(why), std::string::npos) << documents.error().message;
}

TEST(Yaml, AKeyThatIsThereTwiceIsRefused) {
  ExpectRefused("a: 1\nb:\n  c: 1\n  c: 2\n", "x.yaml:4: not YAML: the key c is there twice");
  ExpectRefused("{[1, 2]: 3}", "a key must be a text");
}

TEST(Yaml, AliasesMayNotUnfoldToTheWholeMemory) {
  std::string text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char name = 'b'; name < 'l'; ++name) {
    const std::string before(1, static_cast<char>(name - 1));
    text += std::string(1, name) + ": &" + name + " [";
    for (int i = 0; i < 10; ++i) text += "*" + before + ", ";
    text += "]\n";
  }
  ExpectRefused(text, "unfolds to too many values");
  ExpectRefused("a: &a [*a]", "unfolds to too many values");
  ExpectRefused(std::string(100'000, '['), "x.yaml");
  EXPECT_TRUE(ParseYaml("a: &a {b: 1}\nc: *a\n", "x"));
}

TEST(Yaml, WhatIsDumpedReadsBackAsTheSame) {
  const Json value = Json::parse(R"j({"a":["","x","1","0x1F","012","1_0","yes","y","null","~","-",
      "a: b","a #b","# c","line\nline","tab\t","2026-09-01","2026-09-01T00:00:00Z",".5","/x","*x",
      "{x}"," x ","é","$(A)","\"","'"],"b":{},"c":[],"d":{"1":2,"true":null,"e":[{"f":[[]]}]},
      "g":true,"h":-5,"i":0.5})j");
  const auto documents = ParseYaml(DumpYaml(value), "x");
  ASSERT_TRUE(documents) << documents.error().message;
  EXPECT_EQ(documents->at(0).dump(), value.dump()) << DumpYaml(value);
}

TEST(Yaml, AMissingFileIsNamed) {
  const auto documents = LoadYaml("/nonexistent/widgets.yaml");
  ASSERT_FALSE(documents);
  EXPECT_EQ(documents.error().code, Code::kNotFound);
  EXPECT_NE(documents.error().message.find("/nonexistent/widgets.yaml"), std::string::npos);
}

}  // namespace
}  // namespace slipway::crdgen
