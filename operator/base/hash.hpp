#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace slipway {

/// SHA-256 of the parts, each preceded by its length so that ("ab","c") and ("a","bc") differ,
/// as 64 lower-case hex digits.
std::string Sha256Hex(std::initializer_list<std::string_view> parts);

/// Eight characters of the same digest from the alphabet that Kubernetes uses for generated
/// names (no vowels, so no words): 27^8, enough to tell one owner's children apart.
std::string ShortHash(std::initializer_list<std::string_view> parts);

}  // namespace slipway
