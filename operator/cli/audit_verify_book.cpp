#include "operator/cli/audit_verify_book.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/cli/look.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

/// How every record begins, since its members are in the order of their names.
constexpr std::string_view kBegin = R"({"action":)";

/// The text of the record in a line, or an empty one when there is none.
std::string_view RecordIn(std::string_view line) {
  if (line.find(audit::kMark) == std::string_view::npos) return {};
  const auto begin = line.find(kBegin);
  if (begin != std::string_view::npos) line.remove_prefix(begin);
  const auto last = line.find_last_not_of(" \t\r\n");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

/// What is wrong with a record by itself; empty when nothing is.
std::string Fault(const json& record, std::string_view text) {
  if (!record.is_object()) {
    return "is damaged: it is no JSON object";
  }
  if (Number(record, {audit::kMark}) > audit::kVersion) {
    return fmt::format(
        "is of a newer version ({}) than this program knows ({}): take that of the "
        "operator's release",
        Number(record, {audit::kMark}), audit::kVersion);
  }
  if (Text(record, {"hash"}) != audit::HashOf(record)) {
    return "was edited: its hash is not that of its text";
  }
  if (audit::ToText(record) != text) {
    return "was edited: its members are not as the operator writes them (their order, spaces, or "
           "one that stands twice)";
  }
  if (Text(record, {"chain"}).empty() || Number(record, {"seq"}) < 1) {
    return "was edited: it has no chain or no number";
  }
  return {};
}

}  // namespace

void AuditBook::Add(const std::string& file, std::size_t number, std::string_view line) {
  if (files_.empty() || files_.back() != file) files_.push_back(file);
  const std::size_t at = ++lines_;
  const std::string_view text = RecordIn(line);
  if (text.empty()) return;
  const json record = json::parse(text, nullptr, /*allow_exceptions=*/false);
  const std::string fault = Fault(record, text);
  if (fault.empty()) {
    Entry entry;
    entry.at = at;
    entry.file = files_.size() - 1;
    entry.line = number;
    return AddRecord(record, std::move(entry));
  }
  const std::string chain = Text(record, {"chain"});
  const std::string named =
      chain.empty() ? "what stands there"
                    : fmt::format("record {} of {}", Number(record, {"seq"}), Line(chain));
  unsound_.push_back({at, fmt::format("{} line {}: {} {}", file, number, named, fault)});
}

void AuditBook::AddRecord(const json& record, Entry entry) {
  const std::string name = Text(record, {"chain"});
  const std::string action = Text(record, {"action"});
  entry.seq = static_cast<std::uint64_t>(Number(record, {"seq"}));
  entry.hash = Text(record, {"hash"});
  entry.prev = Text(record, {"prev"});
  entry.time = Text(record, {"time"});
  Chain& chain = chains_[name];
  if (action == "Opened") {
    chain.opening = Opening{Text(record, {"cluster"}) + " " + Text(record, {"lease"}),
                            Number(record, {"term"}), audit::ParseHead(Text(record, {"follows"}))};
    if (Text(record, {"lease"}).empty()) chain.opening->lease.clear();
  }
  if (action == "Closed") chain.closed = entry.seq;
  if (action == "Lost") {
    losses_.push_back(
        {entry.at,
         fmt::format("{}: the operator could not write {} before record {} of {}: {}", Place(entry),
                     Count(static_cast<std::size_t>(Number(record, {"lost"})), "record"), entry.seq,
                     Line(name), Line(Text(record, {"why"})))});
  }
  chain.entries.push_back(std::move(entry));
}

std::string AuditBook::Place(const Entry& entry) const {
  return fmt::format("{} line {}", files_[entry.file], entry.line);
}

}  // namespace slipway::cli
