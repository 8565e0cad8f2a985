#pragma once

#include <bitset>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace slipway::training_trigger {

/// The minutes that a cron expression names, on a clock on the wall; a zone makes instants of them
/// (times.hpp). The rules are those of CronJob, that is of github.com/robfig/cron: a day fits when
/// it fits the day of the month or the day of the week, but where one of the two is `*` or `?` it
/// has to fit the other.
struct Schedule {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days_of_month;  ///< From 1.
  std::bitset<13> months;         ///< From 1.
  std::bitset<7> days_of_week;    ///< Sunday is 0.
  bool any_day_of_month = false;
  bool any_day_of_week = false;

  bool operator==(const Schedule&) const = default;
};

/// Reads "0 3 * * 1", "*/15 8-18 * * mon-fri", "@daily" and their like. The error names the field,
/// what stands there, the rule and the way out.
Result<Schedule> ParseSchedule(std::string_view text);

}  // namespace slipway::training_trigger
