#include <csv.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <unordered_set>
#include <utility>

#include "controllers/drift_monitor/readers.hpp"

namespace slipway::drift_monitor {
namespace {

/// By default a field's buffer grows by 128 bytes a time: thousands of copies of a long field.
constexpr std::size_t kGrowStep = 16 * 1024;

/// libcsv grows the buffer of one field by this function only: without the limit a quote that is
/// never closed would take the rest of the file, however long, into memory.
void* GrowField(void* buffer, std::size_t size) {
  return size > kMaxFieldBytes ? nullptr : std::realloc(buffer, size);
}

bool IsControl(char c) { return static_cast<unsigned char>(c) < ' '; }

bool IsNumber(const std::string& cell) {
  const auto number = ParseNumber(cell);
  return number && std::isfinite(*number);
}

/// The header's rule that is broken, or nothing.
std::optional<std::string> HeaderProblem(const std::vector<std::string>& names) {
  const bool other_separator =
      names.size() == 1 && names.front().find_first_of(";\t") != std::string::npos;
  if (other_separator) {
    return "row 1 has no comma but a semicolon or tab; write the file with commas between fields";
  }
  std::unordered_set<std::string_view> seen;
  for (const auto& name : names) {
    if (std::ranges::any_of(name, IsControl)) {
      return "row 1 holds binary data, so this is no CSV text; convert Parquet or compressed files "
             "to plain CSV first";
    }
    if (!name.empty() && !seen.insert(name).second) {
      return fmt::format("row 1 names the column \"{}\" twice; give every column its own name",
                         name);
    }
  }
  if (std::ranges::all_of(names, IsNumber)) {
    return fmt::format(
        "row 1 holds only numbers (the first is {}), but must hold the column "
        "names; write the file with its header",
        names.front());
  }
  return std::nullopt;
}

/// Takes the fields and row ends that libcsv calls out.
class CsvSink {
 public:
  explicit CsvSink(std::size_t max_rows) : builder_(max_rows) {}

  void OnField(std::string_view text) {
    // Row 1 decides the width; of a row that is too wide one field more tells enough.
    if (row_ == 1 || cells_.size() <= columns_.size()) cells_.emplace_back(text);
    if (row_ == 1 && cells_.size() > kMaxColumns && !error_) {
      error_ = fmt::format("row 1 has more than {} columns", kMaxColumns);
    }
  }

  void OnRowEnd() {
    if (error_) return;
    if (row_ == 1) {
      TakeHeader();
    } else {
      TakeRow();
    }
    cells_.clear();
    ++row_;
  }

  /// The last row ends inside a quote: it was cut while being written.
  void OnCutRow() { builder_.Reject(fmt::format("row {} ends inside a quoted field", row_)); }

  const std::optional<std::string>& Problem() const { return error_; }
  std::size_t Row() const { return row_; }
  Dataset Finish() && { return std::move(builder_).Finish(); }

 private:
  void TakeHeader() {
    error_ = HeaderProblem(cells_);
    if (error_) return;
    for (const auto& name : cells_) {
      columns_.push_back(name.empty() ? std::nullopt
                                      : std::optional(builder_.ColumnIndex(name).value()));
    }
  }

  void TakeRow() {
    if (cells_.size() != columns_.size()) {
      builder_.Reject(fmt::format("row {} has {} {} fields, the header has {}", row_,
                                  cells_.size() > columns_.size() ? "more than" : "only",
                                  std::min(cells_.size(), columns_.size()), columns_.size()));
      return;
    }
    builder_.StartRow();
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (columns_[i]) builder_.Set(*columns_[i], std::string_view(cells_[i]));
    }
  }

  DatasetBuilder builder_;
  std::vector<std::optional<std::size_t>> columns_;  // By position; none for an unnamed column.
  std::vector<std::string> cells_;                   // Of the current row.
  std::size_t row_ = 1;                              // The header is row 1.
  std::optional<std::string> error_;
};

void OnField(void* text, std::size_t size, void* sink) {
  static_cast<CsvSink*>(sink)->OnField({static_cast<const char*>(text), size});
}

void OnRowEnd(int /*terminator*/, void* sink) { static_cast<CsvSink*>(sink)->OnRowEnd(); }

/// Owns a csv_parser.
class CsvParser {
 public:
  CsvParser() {
    csv_init(&parser_, 0);
    csv_set_realloc_func(&parser_, GrowField);
    csv_set_blk_size(&parser_, kGrowStep);
  }
  ~CsvParser() { csv_free(&parser_); }
  CsvParser(const CsvParser&) = delete;
  CsvParser& operator=(const CsvParser&) = delete;

  bool Feed(std::string_view bytes, CsvSink& sink) {
    return csv_parse(&parser_, bytes.data(), bytes.size(), &drift_monitor::OnField,
                     &drift_monitor::OnRowEnd, &sink) == bytes.size();
  }
  /// False when the text ends inside a quote. libcsv tells so only in strict mode, which for the
  /// rest would refuse every stray quote.
  bool Finish(CsvSink& sink) {
    csv_set_opts(&parser_, CSV_STRICT | CSV_STRICT_FINI);
    return csv_fini(&parser_, &drift_monitor::OnField, &drift_monitor::OnRowEnd, &sink) == 0;
  }

 private:
  csv_parser parser_{};
};

}  // namespace

Result<Dataset> ReadCsv(std::istream& in, std::size_t max_rows) {
  CsvSink sink(max_rows);
  CsvParser parser;
  std::array<char, 64 * 1024> chunk{};
  bool at_start = true;
  while (in.read(chunk.data(), chunk.size()) || in.gcount() > 0) {
    std::string_view bytes(chunk.data(), static_cast<std::size_t>(in.gcount()));
    // Excel begins a file with a byte order mark, which would hide a quote behind it.
    if (std::exchange(at_start, false) && bytes.starts_with("\xEF\xBB\xBF")) {
      bytes.remove_prefix(3);
    }
    if (!parser.Feed(bytes, sink)) {
      return Fail(Code::kInvalid,
                  fmt::format("row {} has a field of more than {} bytes; most often a quote is "
                              "opened and not closed",
                              sink.Row(), kMaxFieldBytes));
    }
    if (sink.Problem()) return Fail(Code::kInvalid, *sink.Problem());
  }
  if (in.bad()) return Fail(Code::kUnavailable, "reading broke off");
  if (!parser.Finish(sink)) sink.OnCutRow();
  if (sink.Problem()) return Fail(Code::kInvalid, *sink.Problem());
  return std::move(sink).Finish();
}

}  // namespace slipway::drift_monitor
