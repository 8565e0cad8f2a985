#include "controllers/training_trigger/times.hpp"

namespace slipway::training_trigger {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using LocalMinute = std::chrono::local_time<minutes>;

/// 29 February is up to eight years away; whatever is further never comes.
constexpr days kHorizon{9 * 366};

bool FitsDay(const Schedule& schedule, std::chrono::local_days day) {
  const std::chrono::year_month_day date(day);
  const bool month = schedule.months[static_cast<unsigned>(date.month())];
  const bool of_month = schedule.days_of_month[static_cast<unsigned>(date.day())];
  const bool of_week = schedule.days_of_week[std::chrono::weekday(day).c_encoding()];
  const bool both = schedule.any_day_of_month || schedule.any_day_of_week;
  return month && (both ? of_month && of_week : of_month || of_week);
}

/// The first minute that the schedule names, from `from` on.
std::optional<LocalMinute> FirstFrom(const Schedule& schedule, LocalMinute from) {
  const auto first = std::chrono::floor<days>(from);
  for (auto day = first; day < first + kHorizon; day += days(1)) {
    if (!FitsDay(schedule, day)) continue;
    for (minutes time = day == first ? from - first : minutes(0); time < days(1);) {
      const auto hour = std::chrono::floor<hours>(time);
      if (!schedule.hours[static_cast<std::size_t>(hour.count())]) {
        time = hour + hours(1);
      } else if (!schedule.minutes[static_cast<std::size_t>((time - hour).count())]) {
        time += minutes(1);
      } else {
        return day + time;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Instant> NextAfter(const Schedule& schedule, const Zone& zone, Instant after) {
  Instant from = after + std::chrono::milliseconds(1);
  const Instant horizon = after + kHorizon;
  while (from < horizon) {
    const auto [offset, end] = zone.PeriodAt(from);
    const std::chrono::local_time<std::chrono::milliseconds> local(from.time_since_epoch() +
                                                                   offset);
    const auto found = FirstFrom(schedule, std::chrono::ceil<minutes>(local));
    if (!found) return std::nullopt;
    const Instant time(found->time_since_epoch() - offset);
    if (time < end) return time;
    from = end;
  }
  return std::nullopt;
}

std::optional<Instant> LatestBetween(const Schedule& schedule, const Zone& zone, Instant after,
                                     Instant until) {
  const auto next = [&](Instant time) { return NextAfter(schedule, zone, time); };
  auto latest = next(after);
  if (!latest || *latest > until) return std::nullopt;
  // Each step halves what lies between a moment with a time of the schedule behind it and one with
  // none.
  for (Instant barren = until; barren - *latest >= minutes(1);) {
    const Instant middle = *latest + (barren - *latest) / 2;
    const auto found = next(middle);
    if (found && *found <= until) {
      latest = found;
    } else {
      barren = middle;
    }
  }
  return latest;
}

int CountBetween(const Schedule& schedule, const Zone& zone, Instant after, Instant until,
                 int most) {
  int count = 0;
  for (auto time = NextAfter(schedule, zone, after); time && *time <= until && count < most;
       time = NextAfter(schedule, zone, *time)) {
    ++count;
  }
  return count;
}

}  // namespace slipway::training_trigger
