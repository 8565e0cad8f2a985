#include "controllers/drift_monitor/dataset.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace slipway::drift_monitor {
namespace {

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

Texts ToTexts(const Numbers& numbers) {
  Texts texts(numbers.size());
  std::ranges::transform(numbers, texts.begin(), [](double number) {
    return std::isnan(number) ? std::string() : CategoryOf(number);
  });
  return texts;
}

/// The column as numbers if every text that is left is one. A column turns categorical by a text
/// in a row that may have been pushed out since.
void PreferNumbers(Column& column) {
  const auto* texts = std::get_if<Texts>(&column.values);
  if (texts == nullptr) return;
  Numbers numbers;
  numbers.reserve(texts->size());
  for (const auto& text : *texts) {
    const auto number = ParseNumber(text);
    if (!number) return;
    numbers.push_back(*number);
  }
  column.values = std::move(numbers);
}

template <class Values, class Value>
void Place(Values& values, std::size_t slot, Value value) {
  if (slot == values.size()) {
    values.push_back(std::move(value));
  } else {
    values[slot] = std::move(value);
  }
}

}  // namespace

const Column* Dataset::Find(std::string_view name) const {
  const auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

bool IsMissing(std::string_view cell) {
  static constexpr std::array<std::string_view, 7> kWords = {"",     "NA",   "NaN", "nan",
                                                             "null", "NULL", "None"};
  return std::ranges::find(kWords, cell) != kWords.end();
}

std::optional<double> ParseNumber(std::string_view cell) {
  if (IsMissing(cell)) return kMissing;
  if (cell.starts_with('+') && !cell.starts_with("+-")) cell.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
  if (end != cell.data() + cell.size()) return std::nullopt;
  if (error == std::errc::invalid_argument) return std::nullopt;
  // Out of range as well: a number, but none that can be reckoned with.
  return error == std::errc{} && std::isfinite(number) ? number : kMissing;
}

std::string CategoryOf(double number) { return fmt::format("{}", number); }

Numbers AsNumbers(const Column& column) {
  if (const auto* numbers = std::get_if<Numbers>(&column.values)) return *numbers;
  const auto& texts = std::get<Texts>(column.values);
  Numbers numbers(texts.size());
  std::ranges::transform(texts, numbers.begin(), [](const std::string& text) {
    return ParseNumber(text).value_or(kMissing);
  });
  return numbers;
}

Texts AsTexts(const Column& column) {
  if (const auto* numbers = std::get_if<Numbers>(&column.values)) return ToTexts(*numbers);
  return std::get<Texts>(column.values);
}

Result<std::size_t> DatasetBuilder::ColumnIndex(std::string_view name) {
  const auto [place, is_new] = index_.try_emplace(std::string(name), data_.columns.size());
  if (!is_new) return place->second;
  if (data_.columns.size() == kMaxColumns) {
    return Fail(Code::kInvalid,
                fmt::format("more than {} columns (\"{}\" is one too many): write one name for one "
                            "feature, in every row the same",
                            kMaxColumns, name));
  }
  data_.columns.push_back({std::string(name), Numbers(data_.rows, kMissing)});
  return place->second;
}

void DatasetBuilder::StartRow() {
  const std::size_t slot = rows_++ % max_rows_;
  data_.rows = std::max(data_.rows, slot + 1);
  for (auto& column : data_.columns) {
    if (auto* numbers = std::get_if<Numbers>(&column.values)) {
      Place(*numbers, slot, kMissing);
    } else {
      Place(std::get<Texts>(column.values), slot, std::string());
    }
  }
}

void DatasetBuilder::Set(std::size_t column, std::string_view cell) {
  if (const auto number = ParseNumber(cell)) {
    Set(column, *number);
    return;
  }
  auto& values = data_.columns[column].values;
  if (const auto* numbers = std::get_if<Numbers>(&values)) values = ToTexts(*numbers);
  std::get<Texts>(values)[(rows_ - 1) % max_rows_] = cell.substr(0, kMaxCategoryBytes);
}

void DatasetBuilder::Set(std::size_t column, double number) {
  const std::size_t slot = (rows_ - 1) % max_rows_;
  auto& values = data_.columns[column].values;
  if (!std::isfinite(number)) number = kMissing;
  if (auto* numbers = std::get_if<Numbers>(&values)) {
    (*numbers)[slot] = number;
  } else {
    std::get<Texts>(values)[slot] = std::isnan(number) ? std::string() : CategoryOf(number);
  }
}

void DatasetBuilder::Reject(std::string why) {
  if (data_.bad_rows++ == 0) data_.first_bad = std::move(why);
}

Dataset DatasetBuilder::Finish() && {
  std::ranges::for_each(data_.columns, PreferNumbers);
  return std::move(data_);
}

}  // namespace slipway::drift_monitor
