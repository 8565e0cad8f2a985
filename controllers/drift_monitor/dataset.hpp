#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "operator/base/result.hpp"

namespace slipway::drift_monitor {

/// Values of a numeric feature; NaN where the value is missing (or infinite).
using Numbers = std::vector<double>;
/// Values of a categorical feature; the empty text where the value is missing.
using Texts = std::vector<std::string>;

/// One feature: numeric when every value that is there is a number, else categorical.
struct Column {
  std::string name;
  std::variant<Numbers, Texts> values;
};

/// The newest rows of a table, in no particular order, and what was left out.
struct Dataset {
  std::vector<Column> columns;
  std::size_t rows = 0;        ///< Rows kept; the size of every column.
  std::uint64_t bad_rows = 0;  ///< Rows that could not be read, anywhere in the file.
  std::string first_bad;       ///< Why the first of them could not, with its place.

  /// The column of that name, or nullptr.
  const Column* Find(std::string_view name) const;
};

/// More columns than this are refused: a file that gives each row names of its own (a map written
/// as columns) would otherwise take memory without end.
inline constexpr std::size_t kMaxColumns = 10'000;
/// Longer category values are told apart by their first bytes only.
inline constexpr std::size_t kMaxCategoryBytes = 256;

/// The number in a cell. Missing values (see IsMissing) and infinities are NaN; std::nullopt when
/// the text is no number.
std::optional<double> ParseNumber(std::string_view cell);
/// Whether a cell stands for "no value", as R, pandas and SQL exports write it: an empty cell,
/// NA, NaN, nan, null, NULL or None.
bool IsMissing(std::string_view cell);
/// The category a number falls into where it stands among texts: 1, 1.0 and 1e0 are one.
std::string CategoryOf(double number);

/// The column's values as numbers; a text that is none becomes NaN.
Numbers AsNumbers(const Column& column);
/// The column's values as categories.
Texts AsTexts(const Column& column);

/// Collects rows into columns and keeps the newest `max_rows`, so that memory is bounded by
/// max_rows times columns however long the file is.
class DatasetBuilder {
 public:
  explicit DatasetBuilder(std::size_t max_rows) : max_rows_(max_rows) {}

  /// The number of the column of that name, which is added when new, with its value missing in
  /// every earlier row. Fails above kMaxColumns.
  Result<std::size_t> ColumnIndex(std::string_view name);

  /// Starts a row in which every value is missing.
  void StartRow();
  void Set(std::size_t column, std::string_view cell);
  void Set(std::size_t column, double number);

  /// Counts a row that cannot be used; `why` names its place.
  void Reject(std::string why);

  Dataset Finish() &&;

 private:
  std::size_t max_rows_;
  std::uint64_t rows_ = 0;  // Ever started; the slot of the current row is (rows_ - 1) % max_rows_.
  std::unordered_map<std::string, std::size_t> index_;
  Dataset data_;
};

}  // namespace slipway::drift_monitor
