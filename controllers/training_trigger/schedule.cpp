#include "controllers/training_trigger/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <vector>

#include "controllers/training_trigger/schedule_grammar.hpp"

namespace slipway::training_trigger {
namespace {

struct Macro {
  std::string_view name;
  std::string_view fields;
};
constexpr std::array<Macro, 7> kMacros{{{"@hourly", "0 * * * *"},
                                        {"@daily", "0 0 * * *"},
                                        {"@midnight", "0 0 * * *"},
                                        {"@weekly", "0 0 * * 0"},
                                        {"@monthly", "0 0 1 * *"},
                                        {"@yearly", "0 0 1 1 *"},
                                        {"@annually", "0 0 1 1 *"}}};

struct Field {
  std::string_view name;
  int min, max;
  FieldNames names;
};
constexpr std::array<Field, 5> kFields{{{"minute", 0, 59, FieldNames::kNone},
                                        {"hour", 0, 23, FieldNames::kNone},
                                        {"day of the month", 1, 31, FieldNames::kNone},
                                        {"month", 1, 12, FieldNames::kMonths},
                                        {"day of the week", 0, 6, FieldNames::kDaysOfWeek}}};

tl::unexpected<Error> Refuse(std::string_view schedule, const std::string& why) {
  return Fail(Code::kInvalid, fmt::format("spec.schedule \"{}\": {}", schedule, why));
}

std::string DescribeField(const Field& field, const std::string& text) {
  return fmt::format("the {} \"{}\"", field.name, text);
}

/// Why the numbers of a part make no sense, or an empty text.
std::string WhyNot(const Field& field, const FieldPart& part) {
  const bool all = part.low == FieldPart::kAll;
  for (const int number : {part.low, part.high}) {
    if (number == FieldPart::kAll || number == FieldPart::kNone) continue;
    if (number < field.min || number > field.max) {
      const bool sunday = field.names == FieldNames::kDaysOfWeek && number == 7;
      return fmt::format("{} is not from {} to {}{}", number, field.min, field.max,
                         sunday ? "; Sunday is 0" : "");
    }
  }
  if (all && part.high != FieldPart::kNone) return "* cannot begin a range; write two numbers";
  if (part.high != FieldPart::kNone && part.high < part.low) {
    return fmt::format("the range ends before it begins; write {}-{},{}-{}", part.low, field.max,
                       field.min, part.high);
  }
  if (part.step == 0) return "a step must be at least 1";
  return "";
}

/// The numbers of a field, and whether it says nothing: robfig/cron takes */2 for a restriction,
/// but * and */1 for none.
template <std::size_t N>
bool Fill(const Field& field, const std::vector<FieldPart>& parts, std::bitset<N>& numbers) {
  bool any = false;
  for (const FieldPart& part : parts) {
    const bool all = part.low == FieldPart::kAll;
    const bool stepped = part.step != FieldPart::kNone;
    const int step = stepped ? part.step : 1;
    int last = part.low;
    if (part.high != FieldPart::kNone) last = part.high;
    if (all || (stepped && part.high == FieldPart::kNone)) last = field.max;
    // A step beyond the field leaves its first number; counting on could overflow.
    for (int i = all ? field.min : part.low; i <= last; i += std::min(step, field.max + 1)) {
      numbers.set(static_cast<std::size_t>(i));
    }
    any = any || (all && step == 1);
  }
  return any;
}

std::vector<std::string> SplitFields(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> fields;
  for (std::string field; in >> field;) fields.push_back(field);
  return fields;
}

std::string KnownMacros() {
  std::string names;
  for (const Macro& macro : kMacros) names += (names.empty() ? "" : ", ") + std::string(macro.name);
  return names;
}

}  // namespace

Result<Schedule> ParseSchedule(std::string_view text) {
  std::vector<std::string> fields = SplitFields(text);
  if (fields.size() == 1 && fields[0].starts_with('@')) {
    const auto macro = std::ranges::find(kMacros, fields[0], &Macro::name);
    if (macro == kMacros.end()) {
      return Refuse(text, "there is no such word; use five fields or one of " + KnownMacros());
    }
    fields = SplitFields(macro->fields);
  }
  if (fields.size() != kFields.size()) {
    return Refuse(text, fmt::format("it has {} fields; it must have five (minute, hour, day of the "
                                    "month, month, day of the week), or be one of {}",
                                    fields.size(), KnownMacros()));
  }
  std::array<std::vector<FieldPart>, 5> parsed;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    auto parts = ParseField(fields[i], kFields[i].names);
    if (!parts) {
      return Refuse(text,
                    DescribeField(kFields[i], fields[i]) +
                        fmt::format(" is not understood; write * or numbers from {} to {}, as "
                                    "lists (1,5), ranges (1-5) or steps (*/5)",
                                    kFields[i].min, kFields[i].max));
    }
    for (const FieldPart& part : *parts) {
      const std::string why = WhyNot(kFields[i], part);
      if (!why.empty()) return Refuse(text, DescribeField(kFields[i], fields[i]) + ": " + why);
    }
    parsed[i] = std::move(*parts);
  }
  Schedule schedule;
  Fill(kFields[0], parsed[0], schedule.minutes);
  Fill(kFields[1], parsed[1], schedule.hours);
  schedule.any_day_of_month = Fill(kFields[2], parsed[2], schedule.days_of_month);
  Fill(kFields[3], parsed[3], schedule.months);
  schedule.any_day_of_week = Fill(kFields[4], parsed[4], schedule.days_of_week);
  return schedule;
}

}  // namespace slipway::training_trigger
