#include <fmt/core.h>

#include <array>
#include <functional>
#include <utility>

#include "controllers/drift_monitor/readers.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway::drift_monitor {
namespace {

/// Splits a stream into lines with bounded memory: of a line longer than kMaxFieldBytes only the
/// fact is passed on.
class LineSplitter {
 public:
  /// visit(line, too_long) for each line of the chunk that is complete.
  template <class Visit>
  void Feed(std::string_view chunk, Visit visit) {
    for (std::size_t end = 0; (end = chunk.find('\n')) != std::string_view::npos;) {
      Keep(chunk.substr(0, end));
      visit(std::string_view(line_), std::exchange(too_long_, false));
      line_.clear();
      chunk.remove_prefix(end + 1);
    }
    Keep(chunk);
  }

  template <class Visit>
  void Finish(Visit visit) {
    if (!line_.empty() || too_long_) visit(std::string_view(line_), too_long_);
  }

 private:
  void Keep(std::string_view part) {
    too_long_ = too_long_ || line_.size() + part.size() > kMaxFieldBytes;
    if (too_long_) {
      line_.clear();
    } else {
      line_ += part;
    }
  }

  std::string line_;
  bool too_long_ = false;
};

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Takes lines, gives rows.
class JsonLinesSink {
 public:
  explicit JsonLinesSink(std::size_t max_rows) : builder_(max_rows) {}

  void OnLine(std::string_view line, bool too_long) {
    ++line_number_;
    if (line_number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (too_long) {
      builder_.Reject(fmt::format("line {} has more than {} bytes", line_number_, kMaxFieldBytes));
      return;
    }
    if (IsBlank(line)) return;
    const auto parsed = parser_.Parse(line);
    if (parsed && parsed->IsObject()) {
      TakeRow(*parsed);
    } else {
      builder_.Reject(fmt::format("line {} is no JSON object", line_number_));
    }
  }

  const Result<void>& Outcome() const { return outcome_; }
  Dataset Finish() && { return std::move(builder_).Finish(); }

 private:
  void TakeRow(const JsonView& row) {
    builder_.StartRow();
    row.ForEachMember([&](std::string_view name, const JsonView& value) {
      if (!outcome_ || name.empty() || value.IsObject() || value.IsArray()) return;
      const auto column = builder_.ColumnIndex(name);
      if (column) {
        Set(*column, value);
      } else {
        outcome_ = tl::unexpected(column.error());
      }
    });
  }

  void Set(std::size_t column, const JsonView& value) {
    if (const auto number = value.Double()) {
      builder_.Set(column, *number);
    } else if (const auto text = value.String()) {
      builder_.Set(column, *text);
    } else if (const auto flag = value.Bool()) {
      builder_.Set(column, *flag ? std::string_view("true") : std::string_view("false"));
    }
  }

  DatasetBuilder builder_;
  JsonParser parser_;
  std::size_t line_number_ = 0;
  Result<void> outcome_;
};

}  // namespace

Result<Dataset> ReadJsonLines(std::istream& in, std::size_t max_rows) {
  JsonLinesSink sink(max_rows);
  LineSplitter lines;
  const auto take = [&](std::string_view line, bool too_long) { sink.OnLine(line, too_long); };
  std::array<char, 64 * 1024> chunk{};
  while (in.read(chunk.data(), chunk.size()) || in.gcount() > 0) {
    lines.Feed({chunk.data(), static_cast<std::size_t>(in.gcount())}, take);
    if (!sink.Outcome()) return tl::unexpected(sink.Outcome().error());
  }
  if (in.bad()) return Fail(Code::kUnavailable, "reading broke off");
  lines.Finish(take);
  if (!sink.Outcome()) return tl::unexpected(sink.Outcome().error());
  return std::move(sink).Finish();
}

}  // namespace slipway::drift_monitor
