#include "crds/gen/samples.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/crds/widget.hpp"

namespace slipway::crdgen {
namespace {

using testing::ElementsAre;

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
