#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slipway {

/// What stands in place of a byte that is none of UTF-8.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

/// Bytes of the UTF-8 sequence at the front of text, or 0 when it starts with none (Unicode
/// standard, table 3-7). The text must not be empty.
std::size_t Utf8Length(std::string_view text);

bool IsUtf8(std::string_view text);

/// The beginning of text, at most `max` bytes of it and no part of a character, with U+FFFD in
/// place of each byte that is no UTF-8: what comes from outside and is to become part of a JSON
/// document, which the library refuses to write otherwise.
std::string Utf8Prefix(std::string_view text, std::size_t max);

}  // namespace slipway
