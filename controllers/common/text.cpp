#include "controllers/common/text.hpp"

namespace slipway {
namespace {

constexpr std::string_view kEllipsis = "...";

bool IsContinuationByte(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

void CutAtCharacter(std::string& text, std::size_t size) {
  while (size > 0 && IsContinuationByte(text[size])) --size;
  text.resize(size);
}

}  // namespace

std::string OneLine(std::string_view text, std::size_t max) {
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
  if (line.size() <= max) return line;
  CutAtCharacter(line, max - kEllipsis.size());
  return line.append(kEllipsis);
}

}  // namespace slipway
