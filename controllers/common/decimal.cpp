#include "controllers/common/decimal.hpp"

#include <boost/multiprecision/cpp_dec_float.hpp>
#include <charconv>
#include <cmath>
#include <string>

namespace slipway {
namespace {

/// Exact for what differs by up to a hundred decimal places in size. Others are so far apart that
/// what is rounded away decides nothing.
using Number = boost::multiprecision::cpp_dec_float_100;

/// Whether it is one number and nothing else, which the constructor of Number is less strict about.
bool IsNumber(std::string_view text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && stopped == end && std::isfinite(value);
}

Number Read(std::string_view text) { return Number(std::string(text)); }

}  // namespace

bool DiffersBy(std::string_view a, std::string_view b, std::string_view margin) {
  if (!IsNumber(a) || !IsNumber(b) || !IsNumber(margin)) return false;
  return Read(a) - Read(b) >= Read(margin);
}

}  // namespace slipway
