// Every rule that a user can break is broken by a manifest in tests/api/invalid, which
// tests/api/run plays on a real API server. This test finds a rule that nobody plays.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "crds/gen/load.hpp"

namespace slipway::crdgen {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> ExpectedFragments() {
  constexpr std::string_view kLead = "# expect: ";
  std::vector<std::string> fragments;
  for (const auto& entry :
       fs::directory_iterator(fs::path(SLIPWAY_SOURCE_DIR) / "tests/api/invalid")) {
    std::istringstream lines(ReadFile(entry.path()).value_or(""));
    bool any = false;
    for (std::string line; std::getline(lines, line) && line.starts_with(kLead); any = true) {
      fragments.push_back(line.substr(kLead.size()));
    }
    EXPECT_TRUE(any) << entry.path() << " does not begin with '# expect: '";
  }
  return fragments;
}

void ExpectPlayed(const Schema& schema, const std::vector<std::string>& fragments) {
  for (const Rule& rule : schema.rules) {
    const bool played = std::ranges::any_of(fragments, [&](const std::string& fragment) {
      return rule.message.find(fragment) != std::string::npos;
    });
    EXPECT_TRUE(played) << schema.path << ": no manifest expects '" << rule.message << "'";
  }
  for (const auto& [name, property] : schema.properties) ExpectPlayed(property, fragments);
  if (schema.items) ExpectPlayed(*schema.items, fragments);
  if (schema.values) ExpectPlayed(*schema.values, fragments);
}

TEST(Refusals, EveryRuleIsBrokenByAManifest) {
  const auto crds = LoadCrds(fs::path(SLIPWAY_SOURCE_DIR) / "crds");
  ASSERT_TRUE(crds) << crds.error().message;
  const auto fragments = ExpectedFragments();
  EXPECT_GE(fragments.size(), 45U);
  for (const Crd& crd : *crds) ExpectPlayed(crd.root, fragments);
}

}  // namespace
}  // namespace slipway::crdgen
