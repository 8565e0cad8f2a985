#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace slipway {

/// The longest message a status of ours may hold (maxLength of the CRDs).
inline constexpr std::size_t kMaxMessage = 1024;

/// `text` as one line for a status: runs of white space and control characters become one space,
/// and more than `max` bytes are cut at a character boundary and end in "...".
std::string OneLine(std::string_view text, std::size_t max = kMaxMessage);

/// The same, but it is the end that is kept: a program's last line says why it failed.
std::string LastWords(std::string_view text, std::size_t max = kMaxMessage);

/// The first `shown` of the names, as "a, b and 3 more".
std::string Listed(const std::vector<std::string>& names, std::size_t shown);

}  // namespace slipway
