#include "crds/gen/defaults.hpp"

#include <gtest/gtest.h>

#include "crds/gen/check.hpp"
#include "crds/gen/embedded.hpp"

namespace slipway::crdgen {
namespace {

constexpr std::string_view kCrd = R"(kind: CustomResourceDefinition
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
  - name: v1
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, default: 3}
              name: {type: string}
              policy:
                type: object
                default: {}
                properties:
                  retries: {type: integer, default: 5}
              limits:
                type: object
                properties:
                  cpu: {type: string, default: "1"}
              parts:
                type: array
                items:
                  type: object
                  properties:
                    colour: {type: string, default: Red}
              zones:
                type: object
                additionalProperties:
                  type: object
                  properties:
                    weight: {type: integer, default: 1}
)";

std::string Filled(const std::string& spec) {
  const auto crd = ParseCrd(std::string(kCrd), "widgets.yaml");
  const auto manifest = ParseYaml("spec: " + spec, "x");
  if (!crd || !manifest) return "test input is broken";
  return WithDefaults(crd->root, manifest->at(0))["spec"].dump();
}

TEST(Defaults, FillWhatIsAbsentAndKeepWhatIsThere) {
  EXPECT_EQ(Filled("{}"), R"({"size":3,"policy":{"retries":5}})");
  EXPECT_EQ(Filled("{size: 0, policy: {retries: 0}}"), R"({"size":0,"policy":{"retries":0}})");
}

TEST(Defaults, ReachIntoObjectsListsAndMapsThatAreThere) {
  EXPECT_EQ(
      Filled("{size: 1, policy: {}, limits: {}, parts: [{}, {colour: Blue}], zones: {a: {}}}"),
      R"({"size":1,"policy":{"retries":5},"limits":{"cpu":"1"},)"
      R"("parts":[{"colour":"Red"},{"colour":"Blue"}],"zones":{"a":{"weight":1}}})");
}

TEST(Defaults, ANullIsAsGoodAsAbsent) {
  EXPECT_EQ(Filled("{size: null, name: null, policy: ~, limits: }"),
            R"({"size":3,"policy":{"retries":5}})");
}

TEST(Defaults, WhatDoesNotFitIsLeftToTheCheck) {
  EXPECT_EQ(Filled("{size: 1, policy: 7, parts: x, zones: [1], limits: [2]}"),
            R"({"size":1,"policy":7,"parts":"x","zones":[1],"limits":[2]})");
  EXPECT_EQ(Filled("7"), "7");
}

TEST(EmbeddedCrds, AreAllAndFillInTheirOwnDefaults) {
  const auto crds = EmbeddedCrds();
  ASSERT_TRUE(crds) << crds.error().message;
  ASSERT_EQ(crds->size(), 8U);
  const auto manifest = ParseYaml(
      "apiVersion: slipway.dev/v1alpha1\nkind: TrainingJob\nmetadata: {name: x}\n"
      "spec: {trainer: {image: x}}\n",
      "x");
  ASSERT_TRUE(manifest);
  const Crd* crd = FindCrd(*crds, manifest->at(0));
  ASSERT_NE(crd, nullptr);
  const Json filled = WithDefaults(crd->root, manifest->at(0));
  EXPECT_EQ(filled["spec"]["framework"], "Custom");
  EXPECT_EQ(filled["spec"]["trainer"]["numNodes"], 1);
  EXPECT_TRUE(CheckAgainst(crd->root, filled, "").empty());
}

}  // namespace
}  // namespace slipway::crdgen
