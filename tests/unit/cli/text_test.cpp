#include "operator/cli/text.hpp"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// The rows of k8s.io/apimachinery/pkg/util/duration's own test.
TEST(Span, IsSaidAsKubectlDoes) {
  const std::vector<std::pair<milliseconds, std::string>> cases{
      {seconds(1), "1s"},
      {seconds(70), "70s"},
      {seconds(190), "3m10s"},
      {minutes(70), "70m"},
      {hours(47), "47h"},
      {hours(49), "2d1h"},
      {hours(8 * 24 + 2), "8d"},
      {hours(367 * 24), "367d"},
      {hours(365 * 2 * 24 + 25), "2y1d"},
      {hours(365 * 8 * 24 + 2), "8y"},
      {minutes(180), "3h"},
      {minutes(181), "3h1m"},
      {minutes(5), "5m"},
      {milliseconds(0), "0s"},
      {milliseconds(-900), "0s"},
      {seconds(-5), "<invalid>"},
  };
  for (const auto& [length, text] : cases) EXPECT_EQ(Span(length), text);
}

TEST(Age, OfNoTimeIsUnknown) {
  EXPECT_EQ(Age(std::nullopt, Instant{}), "<unknown>");
  EXPECT_EQ(Age(Instant{}, Instant{} + seconds(3)), "3s");
}

TEST(Table, AlignsColumnsByCharactersAndEndsLinesWithoutBlanks) {
  EXPECT_EQ(Table({"NAME", "WHAT"}, {{"é", "x"}, {"long name", ""}}),
            "NAME        WHAT\n"
            "é           x\n"
            "long name   -\n");
}

TEST(Line, HasNoEscapeSequences) {
  EXPECT_EQ(Line("a\x1b[31mred\nb\t\xff"), "a [31mred b \xEF\xBF\xBD");
  EXPECT_EQ(Line("a\xC2\x9B"
                 "31m\xC2\xA9"),
            "a 31m\xC2\xA9");
}

TEST(Count, KnowsOneAndMany) {
  EXPECT_EQ(Count(1, "pod"), "1 pod");
  EXPECT_EQ(Count(0, "pod"), "0 pods");
}

}  // namespace
}  // namespace slipway::cli
