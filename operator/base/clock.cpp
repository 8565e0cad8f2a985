#include "operator/base/clock.hpp"

#include <fmt/format.h>

namespace slipway {
namespace {

using std::chrono::days;
using std::chrono::milliseconds;

struct CivilTime {
  std::chrono::year_month_day date;
  std::chrono::hh_mm_ss<milliseconds> time;
};

CivilTime ToCivil(Instant instant) {
  const auto day = std::chrono::floor<days>(instant);
  return {std::chrono::year_month_day(day), std::chrono::hh_mm_ss<milliseconds>(instant - day)};
}

std::string FormatSeconds(const CivilTime& civil) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(civil.date.year()),
                     static_cast<unsigned>(civil.date.month()),
                     static_cast<unsigned>(civil.date.day()), civil.time.hours().count(),
                     civil.time.minutes().count(), civil.time.seconds().count());
}

/// Takes text from the front of a string; after the first mismatch everything fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int Digits(std::size_t count) {
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!AtDigit()) {
        failed_ = true;
        return 0;
      }
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value;
  }

  bool Skip(std::string_view expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(expected.size());
    return true;
  }

  void Expect(char upper_case) {
    const char lower_case = upper_case == 'T' ? 't' : upper_case;
    if (rest_.empty() || (rest_.front() != upper_case && rest_.front() != lower_case)) {
      failed_ = true;
      return;
    }
    rest_.remove_prefix(1);
  }

  /// The digits of a fraction of a second; those below a millisecond are cut off.
  milliseconds Fraction() {
    if (!AtDigit()) failed_ = true;
    int value = 0;
    int scale = 100;
    for (; AtDigit(); rest_.remove_prefix(1)) {
      value += (rest_.front() - '0') * scale;
      scale /= 10;
    }
    return milliseconds(value);
  }

  bool Finished() const { return !failed_ && rest_.empty(); }

 private:
  bool AtDigit() const { return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace

Instant SystemClock::Now() const {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now());
}

std::string FormatTime(Instant time) { return FormatSeconds(ToCivil(time)) + "Z"; }

std::string FormatMicroTime(Instant time) {
  const CivilTime civil = ToCivil(time);
  return fmt::format("{}.{:03}000Z", FormatSeconds(civil), civil.time.subseconds().count());
}

std::optional<Instant> ParseTime(std::string_view text) {
  Scanner scanner(text);
  const int year = scanner.Digits(4);
  scanner.Expect('-');
  const int month = scanner.Digits(2);
  scanner.Expect('-');
  const int day = scanner.Digits(2);
  scanner.Expect('T');
  const int hour = scanner.Digits(2);
  scanner.Expect(':');
  const int minute = scanner.Digits(2);
  scanner.Expect(':');
  const int second = scanner.Digits(2);
  const milliseconds fraction = scanner.Skip(".") ? scanner.Fraction() : milliseconds(0);
  const bool utc = scanner.Skip("Z") || scanner.Skip("z") || scanner.Skip("+00:00");

  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!scanner.Finished() || !utc || !date.ok()) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const Instant time = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                       std::chrono::minutes(minute) + std::chrono::seconds(second) + fraction;
  // A leap second may lead beyond the last time that can be written.
  if (time >= std::chrono::sys_days(std::chrono::year(10000) / 1 / 1)) return std::nullopt;
  return time;
}

}  // namespace slipway
