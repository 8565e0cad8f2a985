#include "crds/gen/lint.hpp"

#include <gmock/gmock.h>

#include "tests/unit/crds/widget.hpp"

namespace slipway::crdgen {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> BrokenRules(const std::string& text) {
  const auto crd = ParseCrd(text, "widgets.yaml");
  if (!crd) return {crd.error().message};
  std::vector<std::string> rules;
  for (const Finding& finding : Lint(*crd)) {
    rules.push_back(finding.rule + " at " + finding.path);
    EXPECT_FALSE(finding.message.empty());
  }
  return rules;
}

TEST(Lint, AGoodCrdHasNoFinding) { EXPECT_THAT(BrokenRules(std::string(kGoodCrd)), IsEmpty()); }

struct Case {
  const char* name;
  const char* from;
  const char* to;
  const char* finding;
};

std::string CaseName(const testing::TestParamInfo<Case>& test) { return test.param.name; }

class LintRule : public testing::TestWithParam<Case> {};

TEST_P(LintRule, FindsTheOnePlaceThatBreaksIt) {
  const Case& test = GetParam();
  EXPECT_THAT(BrokenRules(WithChange(test.from, test.to)), ElementsAre(test.finding));
}

constexpr const char* kName = "name: {type: string, description: Its name., maxLength: 63}";
INSTANTIATE_TEST_SUITE_P(
    AllRules, LintRule,
    testing::Values(
        Case{"float", kName, "share: {type: number, description: A share.}",
             "no-floats at spec.share"},
        Case{"unsigned", "format: int32", "format: uint32", "integer-format at spec.size"},
        Case{"no_format", "format: int32, ", "", "integer-format at spec.size"},
        Case{"no_maximum", ", maximum: 9", "", "bounds at spec.size"},
        Case{"no_minimum", "minimum: 0, ", "", "bounds at spec.size"},
        Case{"no_max_length", ", maxLength: 63", "", "max-length at spec.name"},
        Case{"no_max_items", "maxItems: 3", "minItems: 0", "max-items at spec.tags"},
        Case{"no_max_properties", "maxProperties: 3", "x-kubernetes-map-type: atomic",
             "max-items at spec.labels"},
        Case{"no_list_type", "x-kubernetes-list-type: set", "minItems: 0",
             "list-type at spec.tags"},
        Case{"no_list_keys", "x-kubernetes-list-type: set", "x-kubernetes-list-type: map",
             "list-type at spec.tags"},
        Case{"not_described", "description: Its name., ", "", "described at spec.name"},
        Case{"no_capital", "Its name.", "its name.", "described at spec.name"},
        Case{"no_period", "Its name.", "Its name", "described at spec.name"},
        Case{"item_not_described", "description: A tag., ", "", "described at spec.tags[]"},
        Case{"enum_lower_case", "[Red, Blue]", "[red, Blue]", "enum-camel-case at spec.colour"},
        Case{"enum_dashes", "[Red, Blue]", "[Red, Sky-Blue]", "enum-camel-case at spec.colour"},
        Case{"name_with_dash", "name: {type", "full-name: {type",
             "property-name at spec.full-name"},
        Case{"name_capital", "name: {type", "Name: {type", "property-name at spec.Name"},
        Case{"no_unit", "size: {type", "timeout: {type", "units at spec.timeout"},
        Case{"namespace", "name: {type", "namespace: {type",
             "no-namespace-reference at spec.namespace"},
        Case{"other_namespace", "name: {type", "targetNamespace: {type",
             "no-namespace-reference at spec.targetNamespace"},
        Case{"rule_without_message", ", message: size must be positive", "",
             "rule-message at spec"},
        Case{"no_subresource", "subresources: {status: {}}", "subresources: {}", "status at "},
        Case{"no_fresh_status", "default: {observedGeneration: -1}", "default: {}",
             "observed-generation at status"},
        Case{"conditions_atomic", "x-kubernetes-list-map-keys: [type]",
             "x-kubernetes-list-map-keys: [observedGeneration]", "conditions at status"},
        Case{"conditions_without_generation", "required: [type, observedGeneration]",
             "required: [type]", "conditions at status"},
        Case{"no_age", "name: Age", "name: Born", "columns at "},
        Case{"column_not_described", ", description: Its age.", "",
             "columns at .metadata.creationTimestamp"},
        Case{"no_short_name", "shortNames: [wd], ", "", "short-names at "},
        Case{"category_all", "[slipway]", "[slipway, all]", "categories at "}),
    CaseName);

TEST(Lint, ACrdOfTwoHundredKilobytesIsTooLarge) {
  EXPECT_THAT(BrokenRules(std::string(kGoodCrd) + "#" + std::string(200'000, 'x')),
              ElementsAre("size at "));
}

TEST(Lint, AUnitInTheNameIsEnough) {
  EXPECT_THAT(BrokenRules(WithChange("size: {type", "timeoutSeconds: {type")), IsEmpty());
  EXPECT_THAT(BrokenRules(WithChange("size: {type", "usagePercentage: {type")), IsEmpty());
}

}  // namespace
}  // namespace slipway::crdgen
