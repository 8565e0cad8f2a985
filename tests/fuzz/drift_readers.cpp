// A file of rows, read as CSV and as JSON lines. The first byte says how many rows are kept.
#include <cmath>
#include <sstream>

#include "controllers/drift_monitor/readers.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

using drift_monitor::Column;
using drift_monitor::Dataset;
using drift_monitor::Numbers;
using drift_monitor::Texts;

void CheckColumn(const Column& column, std::size_t rows) {
  Require(!column.name.empty(), "a column has a name");
  if (const auto* numbers = std::get_if<Numbers>(&column.values)) {
    Require(numbers->size() == rows, "every column has every row", column.name);
    for (const double number : *numbers) Require(!std::isinf(number), "no value is infinite");
    return;
  }
  const auto& texts = std::get<Texts>(column.values);
  Require(texts.size() == rows, "every column has every row", column.name);
  for (const auto& text : texts) {
    Require(text.size() <= drift_monitor::kMaxCategoryBytes, "a category is bounded");
  }
}

void Check(const Result<Dataset>& data, std::size_t max_rows) {
  if (!data) {
    Require(data.error().code == Code::kInvalid && !data.error().message.empty(),
            "what is wrong with a file is said");
    return;
  }
  Require(data->rows <= max_rows, "no more rows are kept than asked for");
  Require((data->bad_rows == 0) == data->first_bad.empty(), "the first bad row is explained");
  for (const auto& column : data->columns) {
    CheckColumn(column, data->rows);
    Require(data->Find(column.name) == &column, "no two columns share a name", column.name);
    Require(AsNumbers(column).size() == data->rows && AsTexts(column).size() == data->rows,
            "a column can be seen either way");
  }
}

}  // namespace

void Fuzz(std::string_view input) {
  if (input.empty()) return;
  const auto max_rows =
      1 + static_cast<std::size_t>(static_cast<unsigned char>(input.front()) % 16);
  input.remove_prefix(1);
  std::istringstream csv{std::string(input)};
  Check(drift_monitor::ReadCsv(csv, max_rows), max_rows);
  std::istringstream lines{std::string(input)};
  Check(drift_monitor::ReadJsonLines(lines, max_rows), max_rows);
}

}  // namespace slipway::fuzz
