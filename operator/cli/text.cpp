#include "operator/cli/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/common/text.hpp"
#include "operator/base/utf8.hpp"

namespace slipway::cli {
namespace {

using std::chrono::milliseconds;

std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string Shown(const std::string& cell) { return cell.empty() ? "-" : cell; }

/// "3d4h": the smaller unit is left out when there is none of it.
std::string Two(std::int64_t large, char unit, std::int64_t small, char small_unit) {
  return small == 0 ? fmt::format("{}{}", large, unit)
                    : fmt::format("{}{}{}{}", large, unit, small, small_unit);
}

}  // namespace

std::string Table(const std::vector<std::string>& headings,
                  const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> lines{headings};
  lines.insert(lines.end(), rows.begin(), rows.end());
  std::vector<std::size_t> widths(headings.size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      widths[i] = std::max(widths[i], Width(Shown(line.at(i))));
    }
  }
  std::string text;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::string cell = Shown(line[i]);
      text += cell;
      if (i + 1 < widths.size()) text.append(widths[i] - Width(cell) + 3, ' ');
    }
    text += "\n";
  }
  return text;
}

std::string Span(milliseconds length) {
  const std::int64_t seconds = length.count() / 1000;
  if (length < milliseconds(-1000)) return "<invalid>";
  if (seconds <= 0) return "0s";
  if (seconds < 120) return fmt::format("{}s", seconds);
  const std::int64_t minutes = seconds / 60;
  if (minutes < 10) return Two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return fmt::format("{}m", minutes);
  const std::int64_t hours = minutes / 60;
  if (hours < 8) return Two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return fmt::format("{}h", hours);
  const std::int64_t days = hours / 24;
  if (days < 8) return Two(days, 'd', hours % 24, 'h');
  if (days < 730) return fmt::format("{}d", days);
  if (days < 2920) return Two(days / 365, 'y', days % 365, 'd');
  return fmt::format("{}y", days / 365);
}

std::string Age(std::optional<Instant> time, Instant now) {
  return time ? Span(now - *time) : "<unknown>";
}

std::string Count(std::size_t number, std::string_view noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

std::string Line(std::string_view text) {
  const std::string line = OneLine(Utf8Prefix(text, text.size()), 4 * kMaxMessage);
  std::string visible;
  for (std::size_t i = 0; i < line.size(); ++i) {
    // U+0080 to U+009F are control characters too, some of them for terminals.
    const bool control = line[i] == '\xC2' && static_cast<unsigned char>(line[i + 1]) < 0xA0;
    visible += control ? ' ' : line[i];
    if (control) ++i;
  }
  return visible;
}

}  // namespace slipway::cli
