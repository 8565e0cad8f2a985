#pragma once

#include <string>
#include <string_view>

namespace slipway {

/// The text with its ASCII letters in lower case, whatever the locale.
inline std::string InLowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

}  // namespace slipway
