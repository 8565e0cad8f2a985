#include "crds/gen/model.hpp"

#include <gmock/gmock.h>

#include "tests/unit/crds/widget.hpp"

namespace slipway::crdgen {
namespace {

using testing::ElementsAre;

// Two objects take the place of "labels", whose type names are then looked at.
constexpr const char* kLabels = R"(              labels:
                type: object
                description: Its labels.
                maxProperties: 3
                additionalProperties: {type: string, description: A label., maxLength: 9}
)";

Result<Model> ModelWith(const std::string& properties) {
  return ParseCrd(WithChange(kLabels, properties), "widgets.yaml").and_then([](const Crd& crd) {
    return BuildModel({crd});
  });
}

std::vector<std::string> StructNames(const Model& model) {
  std::vector<std::string> names;
  for (const Struct& type : model.structs) names.push_back(type.name);
  return names;
}

TEST(Model, SameShapesOfOneNameShareAType) {
  const auto model = ModelWith(R"(
              left: {type: object, properties: {at: {type: object, properties: {x: {type: string}}}}}
              right: {type: object, properties: {at: {type: object, properties: {x: {type: string}}}}}
)");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(StructNames(*model),
              ElementsAre("At", "Left", "Right", "WidgetSpec", "Condition", "WidgetStatus"));
}

TEST(Model, TheLaterOfTwoShapesGetsItsParentsName) {
  const auto model = ModelWith(R"(
              left: {type: object, properties: {at: {type: object, properties: {x: {type: string}}}}}
              right: {type: object, properties: {at: {type: object, properties: {y: {type: string}}}}}
)");
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_THAT(StructNames(*model), ElementsAre("At", "Left", "RightAt", "Right", "WidgetSpec",
                                               "Condition", "WidgetStatus"));
}

TEST(Model, ATitleOfTwoShapesIsRefused) {
  const auto model = ModelWith(R"(
              left: {type: object, title: Side, properties: {x: {type: string}}}
              right: {type: object, title: Side, properties: {y: {type: string}}}
)");
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().message,
            "widgets.yaml: spec.right: the type name Side is taken by a schema of other members; "
            "give one of them another title");
}

TEST(Model, OnlyWhatMayBeMissingIsOptional) {
  const auto model = ModelWith(R"(
              a: {type: boolean, default: false}
              b: {type: boolean}
              c: {type: array, items: {type: integer, format: int64}}
              d: {x-kubernetes-int-or-string: true}
              e: {type: string, format: date-time}
              f: {type: object, additionalProperties: {x-kubernetes-int-or-string: true}}
              g: {type: object, title: RawJson, properties: {h: {type: number}}}
)");
  ASSERT_TRUE(model) << model.error().message;
  const auto& fields = model->structs.at(0).fields;
  std::vector<std::string> types;
  for (const Field& field : fields) types.push_back(field.name + ": " + field.type);
  EXPECT_THAT(types,
              ElementsAre("size: std::optional<std::int32_t>", "colour: std::optional<Colour>",
                          "name: std::optional<std::string>", "tags: std::vector<std::string>",
                          "a: bool", "b: std::optional<bool>", "c: std::vector<std::int64_t>",
                          "d: std::optional<std::string>", "e: std::optional<Instant>",
                          "f: std::map<std::string, std::string>", "g: std::optional<RawJson>"));
}

TEST(Model, AFloatHasNoType) {
  const auto model = ModelWith("              share: {type: number}\n");
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("spec.share: no C++ type"), std::string::npos);
}

TEST(Model, SpecAndStatusMustBeNamedAfterTheKind) {
  const auto crd = ParseCrd(WithChange("title: WidgetSpec", "title: Gadget"), "widgets.yaml");
  ASSERT_TRUE(crd);
  const auto model = BuildModel({*crd});
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().message, "widgets.yaml: spec: needs the title WidgetSpec");
}

}  // namespace
}  // namespace slipway::crdgen
