// Golden tests of the generator: a small CRD and what is made of it. SLIPWAY_UPDATE_GOLDEN=1
// writes the expected files anew; the difference is then read in review.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "crds/gen/emit.hpp"
#include "crds/gen/load.hpp"

namespace slipway::crdgen {
namespace {

const std::filesystem::path kFolder =
    std::filesystem::path(SLIPWAY_SOURCE_DIR) / "tests/api/golden";

TEST(Golden, GeneratedFilesAreAsExpected) {
  const auto crds = LoadCrds(kFolder);
  ASSERT_TRUE(crds) << crds.error().message;
  const auto files = Generate(*crds);
  ASSERT_TRUE(files) << files.error().message;
  for (const auto& [name, text] : *files) {
    const auto expected = kFolder / "expected" / std::filesystem::path(name).filename();
    if (std::getenv("SLIPWAY_UPDATE_GOLDEN") != nullptr) std::ofstream(expected) << text;
    EXPECT_EQ(ReadFile(expected).value_or("(missing)"), text)
        << "run with SLIPWAY_UPDATE_GOLDEN=1 and review the difference";
  }
}

}  // namespace
}  // namespace slipway::crdgen
