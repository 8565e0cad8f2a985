#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <vector>

#include "controllers/training_trigger/times.hpp"

namespace slipway::training_trigger {
namespace {

struct Row {
  std::string schedule, zone, from;
  std::vector<std::string> times;
};

std::vector<Row> Table() {
  std::ifstream file(std::string(SLIPWAY_SOURCE_DIR) +
                     "/tests/unit/controllers/training_trigger_times.txt");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream parts(line);
    Row row;
    std::getline(parts, row.schedule, '|');
    std::getline(parts, row.zone, '|');
    std::getline(parts, row.from, '|');
    for (std::string time; parts >> time;) row.times.push_back(time);
    rows.push_back(std::move(row));
  }
  return rows;
}

struct Timetable {
  Schedule schedule;
  Zone zone;
};

Timetable Make(const std::string& schedule, const std::string& zone) {
  return {ParseSchedule(schedule).value(), Zone::Find(zone).value()};
}

Instant At(const std::string& time) { return ParseTime(time).value(); }

TEST(TriggerTimes, AreThoseOfCronJob) {
  const auto table = Table();
  ASSERT_GE(table.size(), 60U);
  for (const Row& row : table) {
    SCOPED_TRACE(row.schedule + " in " + row.zone + " from " + row.from);
    const auto [schedule, zone] = Make(row.schedule, row.zone);
    Instant from = At(row.from);
    for (const std::string& time : row.times) {
      const auto next = NextAfter(schedule, zone, from);
      EXPECT_EQ(next ? FormatTime(*next) : "never", time);
      from = next.value_or(from);
    }
  }
}

TEST(TriggerTimes, TheLatestIsTheLastOfThoseBetween) {
  for (const Row& row : Table()) {
    SCOPED_TRACE(row.schedule + " in " + row.zone + " from " + row.from);
    const auto [schedule, zone] = Make(row.schedule, row.zone);
    const Instant from = At(row.from);
    EXPECT_EQ(LatestBetween(schedule, zone, from, from), std::nullopt);
    if (row.times.back() == "never") continue;
    int count = 0;
    for (const std::string& time : row.times) {
      const Instant until = At(time);
      EXPECT_EQ(LatestBetween(schedule, zone, from, until), until);
      EXPECT_EQ(LatestBetween(schedule, zone, from, until + std::chrono::seconds(59)), until);
      EXPECT_EQ(CountBetween(schedule, zone, from, until, 100), ++count);
    }
  }
}

TEST(TriggerTimes, TheWorkDoesNotGrowWithWhatLiesBetween) {
  const auto [every_minute, utc] = Make("* * * * *", "UTC");
  const Instant from = At("2000-01-01T00:00:00Z");
  const Instant until = At("2400-01-01T00:00:30Z");
  EXPECT_EQ(LatestBetween(every_minute, utc, from, until), At("2400-01-01T00:00:00Z"));
  EXPECT_EQ(CountBetween(every_minute, utc, from, until, 100), 100);
  EXPECT_EQ(LatestBetween(every_minute, utc, until, from), std::nullopt) << "a clock set back";
}

std::string Refusal(const std::string& schedule) {
  const auto parsed = ParseSchedule(schedule);
  return parsed ? "" : parsed.error().message;
}

TEST(TriggerSchedule, SaysWhatIsWrongAndTheWayOut) {
  const std::pair<const char*, const char*> cases[] = {
      {"60 * * * *", "the minute \"60\": 60 is not from 0 to 59"},
      {"0 24 * * *", "the hour \"24\": 24 is not from 0 to 23"},
      {"0 0 0 * *", "the day of the month \"0\": 0 is not from 1 to 31"},
      {"0 0 * 13 *", "the month \"13\": 13 is not from 1 to 12"},
      {"0 0 * * 7", "the day of the week \"7\": 7 is not from 0 to 6; Sunday is 0"},
      {"0 0 * * fri-mon", "the range ends before it begins; write 5-6,0-1"},
      {"*/0 * * * *", "a step must be at least 1"},
      {"*-5 * * * *", "* cannot begin a range; write two numbers"},
      {"x * * * *", "the minute \"x\" is not understood; write * or numbers from 0 to 59"},
      {"1,,2 * * * *", "is not understood"},
      {"-1 * * * *", "is not understood"},
      {"99999999999 * * * *", "is not understood"},
      {"0 0 * janu *", "the month \"janu\" is not understood"},
      {"0 0 mon * *", "the day of the month \"mon\" is not understood"},
      {"0 0 * *", "it has 4 fields; it must have five"},
      {"0 0 * * * *", "it has 6 fields"},
      {"", "it has 0 fields"},
      {"@every 1h", "it has 2 fields"},
      {"@reboot", "there is no such word; use five fields or one of @hourly, @daily"},
  };
  for (const auto& [schedule, words] : cases) {
    EXPECT_NE(Refusal(schedule).find(words), std::string::npos)
        << schedule << ": " << Refusal(schedule);
    EXPECT_TRUE(Refusal(schedule).starts_with("spec.schedule \"")) << Refusal(schedule);
  }
}

TEST(TriggerSchedule, TheSameTimesInOtherWords) {
  const std::pair<const char*, const char*> cases[] = {
      {"@weekly", "0 0 * * SUN"},        {"@annually", "0 0 1 Jan ?"},
      {"\t0  0 * * 1 ", "0 0 * * mon"},  {"*/20 * * * *", "0,20,40 * * * *"},
      {"50/5 * * * *", "50,55 * * * *"}, {"0 8-18/5 * * *", "0 8,13,18 * * *"},
      {"0/999 * * * *", "0 * * * *"},    {"5-5 * * * *", "5 * * * *"},
      {"0 0 */1 * 1", "0 0 * * 1"},
  };
  for (const auto& [one, other] : cases) {
    EXPECT_EQ(ParseSchedule(one).value(), ParseSchedule(other).value()) << one;
  }
}

TEST(TriggerZone, OnlyTheDatabaseHasZones) {
  for (const char* name : {"Europe/Paris", "UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires"}) {
    EXPECT_TRUE(Zone::Find(name)) << name;
  }
  for (const char* name :
       {"Europe/Pariis", "", "/etc/passwd", "../../etc/passwd", "Europe/../UTC",
        "file:/etc/localtime", "Europe/", "right/UTC", "localtime", "Europe/Paris\n"}) {
    const auto zone = Zone::Find(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_TRUE(zone.error().message.starts_with("spec.timeZone \"")) << zone.error().message;
  }
}

TEST(TriggerZone, APeriodEndsWhereTheClocksChange) {
  const Zone paris = Zone::Find("Europe/Paris").value();
  const auto winter = paris.PeriodAt(At("2026-03-29T00:59:59Z"));
  EXPECT_EQ(winter.offset, std::chrono::hours(1));
  EXPECT_EQ(winter.end, At("2026-03-29T01:00:00Z"));
  EXPECT_EQ(paris.PeriodAt(winter.end).offset, std::chrono::hours(2));
  EXPECT_EQ(Zone::Find("UTC")->PeriodAt(At("2026-03-29T00:59:59Z")).end, Instant::max());
}

}  // namespace
}  // namespace slipway::training_trigger
