#include "controllers/common/text.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace slipway {
namespace {

constexpr std::string_view kEllipsis = "...";

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

std::string Flatten(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool blank = byte <= ' ' || byte == 0x7F;
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

std::string OneLine(std::string_view text, std::size_t max) {
  std::string line = Flatten(text);
  if (line.size() <= max) return line;
  std::size_t end = max - kEllipsis.size();
  while (end > 0 && IsContinuationByte(line[end])) --end;
  line.resize(end);
  return line.append(kEllipsis);
}

std::string LastWords(std::string_view text, std::size_t max) {
  const std::string line = Flatten(text);
  if (line.size() <= max) return line;
  std::size_t begin = line.size() - (max - kEllipsis.size());
  while (begin < line.size() && IsContinuationByte(line[begin])) ++begin;
  return std::string(kEllipsis) + line.substr(begin);
}

std::string Listed(const std::vector<std::string>& names, std::size_t shown) {
  const auto count = static_cast<std::ptrdiff_t>(std::min(names.size(), shown));
  std::string text = fmt::format("{}", fmt::join(names.begin(), names.begin() + count, ", "));
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

}  // namespace slipway
