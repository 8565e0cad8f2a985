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

TEST(Yaml, AMissingFileIsNamed) {
  const auto documents = LoadYaml("/nonexistent/widgets.yaml");
  ASSERT_FALSE(documents);
  EXPECT_EQ(documents.error().code, Code::kNotFound);
  EXPECT_NE(documents.error().message.find("/nonexistent/widgets.yaml"), std::string::npos);
}

}  // namespace
}  // namespace slipway::crdgen
