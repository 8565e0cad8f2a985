#include "crds/gen/samples.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

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
  return CheckValue(crd->root, documents->at(0), "");
}

TEST(CheckValue, AcceptsWhatFits) {
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

class CheckValueRule : public testing::TestWithParam<Case> {};

TEST_P(CheckValueRule, NamesPathValueAndRule) {
  EXPECT_THAT(Problems("spec: " + std::string(GetParam().spec)), ElementsAre(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    AllRules, CheckValueRule,
    testing::Values(
        Case{"type", "{size: big}", "spec.size = \"big\": must be integer"},
        Case{"list", "{tags: a}", "spec.tags = \"a\": must be array"},
        Case{"unknown", "{sice: 1}", "spec.sice = 1: is not a field of this kind"},
        Case{"minimum", "{size: -1}", "spec.size = -1: must be at least 0"},
        Case{"maximum", "{size: 10}", "spec.size = 10: must be at most 9"},
        Case{"value", "{colour: Green}", "spec.colour = \"Green\": must be one of Red, Blue"},
        Case{"length", "{tags: [abcdefghij]}", "spec.tags[0] = \"abcdefghij\": is too long"},
        Case{"items", "{tags: [a, b, c, d]}",
             "spec.tags = [\"a\",\"b\",\"c\",\"d\"]: has too many entries"},
        Case{"set", "{tags: [a, a]}", "spec.tags[1] = \"a\": is a duplicate"},
        Case{"map", "{labels: {a: 1}}", "spec.labels.a = 1: must be string"}),
    CaseName);

TEST(CheckValue, RequiredFieldsMustBeThereAndListMapKeysUnique) {
  EXPECT_THAT(Problems("status: {conditions: [{type: A, observedGeneration: 1},"
                       "{type: A, observedGeneration: 2}]}"),
              ElementsAre(StartsWith("status = "), StartsWith("status.conditions[1] = ")));
}

TEST(CheckManifest, NamesTheFileAndWhatHasNoCrd) {
  const auto path = std::filesystem::temp_directory_path() / "slipway-samples-test.yaml";
  std::ofstream(path) << "apiVersion: example.com/v1\nkind: Widget\nspec: {size: 10}\n"
                         "---\napiVersion: v1\nkind: Pod\n";
  const auto crd = ParseCrd(std::string(kGoodCrd), "widgets.yaml");
  ASSERT_TRUE(crd);
  EXPECT_THAT(CheckManifest({*crd}, path.string()),
              ElementsAre(path.string() + ": spec.size = 10: must be at most 9",
                          path.string() + ": apiVersion and kind are of none of the CRDs"));
  std::filesystem::remove(path);
  EXPECT_THAT(CheckManifest({*crd}, path.string()),
              ElementsAre(path.string() + ": cannot be read"));
}

}  // namespace
}  // namespace slipway::crdgen
