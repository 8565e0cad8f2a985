#include "operator/base/clock.hpp"

#include <gtest/gtest.h>

namespace slipway {
namespace {

using namespace std::chrono_literals;

Instant At(std::int64_t seconds, std::int64_t milliseconds = 0) {
  return Instant(std::chrono::seconds(seconds) + std::chrono::milliseconds(milliseconds));
}

TEST(ParseTime, ReadsEveryUtcFormThatKubernetesWrites) {
  const struct {
    std::string_view text;
    Instant expected;
  } cases[] = {
      {"1970-01-01T00:00:00Z", At(0)},
      {"2026-09-01T12:00:00Z", At(1788264000)},
      {"2026-09-01T12:00:00+00:00", At(1788264000)},
      {"2026-09-01t12:00:00z", At(1788264000)},
      {"2026-09-01T12:00:00.123456Z", At(1788264000, 123)},
      {"2026-09-01T12:00:00.5Z", At(1788264000, 500)},
      {"2026-09-01T12:00:00.123456789+00:00", At(1788264000, 123)},
      {"2024-02-29T23:59:59Z", At(1709251199)},
      {"1969-12-31T23:59:59Z", At(-1)},
      {"0001-01-01T00:00:00Z", At(-62135596800)},
  };
  for (const auto& test : cases) {
    const auto parsed = ParseTime(test.text);
    ASSERT_TRUE(parsed) << test.text;
    EXPECT_EQ(*parsed, test.expected) << test.text;
  }
}

TEST(ParseTime, RefusesWhatIsNoUtcTime) {
  for (const std::string_view text :
       {"", "now", "2026-09-01", "2026-09-01T12:00:00", "2026-09-01T12:00:00+02:00",
        "2026-09-01 12:00:00Z", "2026-13-01T12:00:00Z", "2026-00-01T12:00:00Z",
        "2026-02-29T12:00:00Z", "2026-09-01T24:00:00Z", "2026-09-01T12:60:00Z",
        "2026-09-01T12:00:61Z", "2026-09-01T12:00:00.Z", "2026-09-01T12:00:00ZZ",
        "26-09-01T12:00:00Z", "9999-12-31T23:59:60Z", "2026-9-1T12:00:00Z", "-026-09-01T12:00:00Z",
        "2026-09-01T12:00:0"}) {
    EXPECT_FALSE(ParseTime(text)) << text;
  }
}

TEST(FormatTime, WritesSecondsAndMicroTimeMicroseconds) {
  EXPECT_EQ(FormatTime(At(1788264000, 999)), "2026-09-01T12:00:00Z");
  EXPECT_EQ(FormatMicroTime(At(1788264000, 7)), "2026-09-01T12:00:00.007000Z");
  EXPECT_EQ(FormatTime(At(-1)), "1969-12-31T23:59:59Z");
}

// Days from the year 1 to 9997: RFC 3339 has four digits for a year.
TEST(FormatTime, IsReadBackAsWritten) {
  for (std::int64_t day = -719'000; day < 2'932'000; day += 977) {
    const Instant time = At(day * 86'400 + day % 86'400, (day % 1000 + 1000) % 1000);
    EXPECT_EQ(ParseTime(FormatMicroTime(time)), time) << FormatMicroTime(time);
  }
}

TEST(SystemClock, AgreesWithTheMachine) {
  const auto before = std::chrono::system_clock::now() - 1ms;
  const Instant now = SystemClock().Now();
  EXPECT_GE(now, before);
  EXPECT_LE(now, std::chrono::system_clock::now());
}

}  // namespace
}  // namespace slipway
