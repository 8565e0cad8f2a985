#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace slipway::training_trigger {

/// One element of the list that a field of a cron expression is: "*", "5", "1-5", "*/10", "8-18/2".
struct FieldPart {
  static constexpr int kAll = -1;   ///< As `low`: "*" or "?".
  static constexpr int kNone = -2;  ///< As `high` or `step`: not given.

  int low = kAll;
  int high = kNone;
  int step = kNone;

  bool operator==(const FieldPart&) const = default;
};

/// Which names stand for numbers in a field.
enum class FieldNames { kNone, kMonths, kDaysOfWeek };

/// Reads one field; nullopt when it is not of the form. Whether the numbers make sense is not
/// asked.
std::optional<std::vector<FieldPart>> ParseField(std::string_view text, FieldNames names);

}  // namespace slipway::training_trigger
