// A quantity, a time and a cron expression, as text.
#include <cmath>

#include "controllers/common/quantity.hpp"
#include "controllers/training_trigger/times.hpp"
#include "operator/base/clock.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

/// What a quantity is worth by another way of reading it; not a number for what is none.
double ValueOf(const std::string& text) {
  constexpr std::string_view kDecimal = "numkMGTPE";
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const double number = std::strtod(text.substr(0, digits).c_str(), nullptr);
  const std::string suffix = text.substr(digits);
  if (suffix.empty()) return number;
  if (suffix.size() == 2 && suffix[1] == 'i') {
    return number *
           std::pow(1024.0, 1 + static_cast<double>(std::string("KMGTPE").find(suffix[0])));
  }
  if (suffix.size() == 1) {
    const std::size_t step = kDecimal.find(suffix[0]);
    return number * std::pow(10.0, step < 3 ? -9.0 + 3.0 * static_cast<double>(step)
                                            : 3.0 * static_cast<double>(step - 2));
  }
  return number * std::pow(10.0, std::atoi(suffix.c_str() + 1));
}

void CheckQuantity(std::string_view text) {
  const std::string canonical = CanonicalQuantity(text);
  Require(CanonicalQuantity(canonical) == canonical, "a canonical quantity stays as it is",
          std::string(text) + " -> " + canonical + " -> " + CanonicalQuantity(canonical));
  if (canonical == text) return;
  Require(canonical.find('.') == std::string::npos, "a canonical quantity has no fraction",
          canonical);
  const double before = ValueOf(std::string(text));
  const double after = ValueOf(canonical);
  Require(std::abs(after - before) <= 1e-9 * 1.001 + std::abs(before) * 1e-12,
          "a canonical quantity is worth the same", std::string(text) + " -> " + canonical);
}

void CheckTime(std::string_view text) {
  const auto time = ParseTime(text);
  if (!time) return;
  Require(ParseTime(FormatMicroTime(*time)) == time, "a time reads as it was written",
          std::string(text) + " -> " + FormatMicroTime(*time));
  Require(ParseTime(FormatTime(*time)) == std::chrono::floor<std::chrono::seconds>(*time),
          "in whole seconds as well", std::string(text) + " -> " + FormatTime(*time));
}

void CheckSchedule(std::string_view text) {
  using namespace training_trigger;
  static const Zone zone = Zone::Find("Europe/Paris").value();
  static const Instant from = ParseTime("2026-03-28T23:59:30Z").value();
  const auto schedule = ParseSchedule(text);
  if (!schedule) return;
  const auto next = NextAfter(*schedule, zone, from);
  if (!next) return;
  Require(*next > from, "the next time is later", std::string(text) + " -> " + FormatTime(*next));
  Require(LatestBetween(*schedule, zone, from, *next) == next, "it is the latest up to itself",
          std::string(text) + " -> " + FormatTime(*next));
}

}  // namespace

void Fuzz(std::string_view input) {
  CheckQuantity(input);
  CheckTime(input);
  CheckSchedule(input);
}

}  // namespace slipway::fuzz
