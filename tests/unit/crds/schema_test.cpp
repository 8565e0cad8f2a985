#include "crds/gen/schema.hpp"

#include <gtest/gtest.h>

#include "tests/unit/crds/widget.hpp"

namespace slipway::crdgen {
namespace {

TEST(ParseCrd, ReadsNamesAndStructure) {
  const auto crd = ParseCrd(std::string(kGoodCrd), "widgets.yaml");
  ASSERT_TRUE(crd) << crd.error().message;
  EXPECT_EQ(crd->kind, "Widget");
  EXPECT_EQ(crd->plural, "widgets");
  EXPECT_EQ(crd->bytes, kGoodCrd.size());
  EXPECT_TRUE(crd->has_status);
  const Schema* spec = crd->root.Find("spec");
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(spec->Find("tags")->items->path, "spec.tags[]");
  EXPECT_EQ(spec->Find("labels")->values->path, "spec.labels{}");
  EXPECT_EQ(spec->rules.at(0).message, "size must be positive");
  EXPECT_EQ(crd->root.Find("absent"), nullptr);
}

TEST(ParseCrd, RefusesAKeywordItDoesNotKnow) {
  const auto crd = ParseCrd(WithChange("maxLength: 63", "oneOf: []"), "widgets.yaml");
  ASSERT_FALSE(crd);
  EXPECT_EQ(crd.error().message.find("widgets.yaml: spec.name: the schema keyword oneOf"), 0U)
      << crd.error().message;
}

TEST(ParseCrd, RefusesWhatIsNoCrd) {
  for (const char* text : {"kind: Pod\n", "[]\n", "{}\n---\n{}\n", ""}) {
    const auto crd = ParseCrd(text, "widgets.yaml");
    ASSERT_FALSE(crd) << text;
    EXPECT_NE(crd.error().message.find("one CustomResourceDefinition"), std::string::npos)
        << crd.error().message;
  }
}

TEST(ParseCrd, RefusesACrdWithoutSchema) {
  const auto crd = ParseCrd(WithChange("openAPIV3Schema", "jsonSchema"), "widgets.yaml");
  ASSERT_FALSE(crd);
  EXPECT_NE(crd.error().message.find("openAPIV3Schema"), std::string::npos);
}

}  // namespace
}  // namespace slipway::crdgen
