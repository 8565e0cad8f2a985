#include "operator/base/quantity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>

namespace slipway {
namespace {

/// digits * 10^exponent, the value of a decimal text without any loss.
struct Scaled {
  std::int64_t digits = 0;
  int exponent = 0;
};

enum class Notation { kDecimal, kBinary, kExponent };

/// What follows the number: 10^power, or 2^power when binary.
struct Suffix {
  Notation notation = Notation::kDecimal;
  int power = 0;
};

// "n" is 10^-9, "E" is 10^18, in steps of 1000.
constexpr std::array<std::string_view, 10> kDecimalSuffixes{"n", "u", "m", "",  "k",
                                                            "M", "G", "T", "P", "E"};
constexpr int kSmallestPower = -9;
// To what the defaulting of core/v1 rounds requests and limits up (SetDefaults_ResourceList).
constexpr int kMilli = -3;
constexpr std::array<std::string_view, 7> kBinarySuffixes{"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
constexpr std::size_t kMaxDigits = 18;

std::optional<Suffix> ParseSuffix(std::string_view text) {
  const auto decimal = std::ranges::find(kDecimalSuffixes, text);
  if (decimal != kDecimalSuffixes.end()) {
    return Suffix{Notation::kDecimal,
                  kSmallestPower + 3 * static_cast<int>(decimal - kDecimalSuffixes.begin())};
  }
  const auto binary = std::ranges::find(kBinarySuffixes, text);
  if (binary != kBinarySuffixes.end()) {
    return Suffix{Notation::kBinary, 10 * static_cast<int>(binary - kBinarySuffixes.begin())};
  }
  if (text.size() < 2 || (text.front() != 'e' && text.front() != 'E')) return std::nullopt;
  text.remove_prefix(text[1] == '+' && text.substr(2, 1) != "-" ? 2 : 1);
  int power = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), power);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || power < -100 || power > 100) return std::nullopt;
  return Suffix{Notation::kExponent, power};
}

/// "1.50" gives 15 * 10^-1.
std::optional<Scaled> ParseNumber(std::string_view text) {
  const auto point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  const auto fraction = point < text.size() ? text.substr(point + 1) : std::string_view{};
  digits += fraction;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (text.size() == (point < text.size() ? 1U : 0U) || digits.size() > kMaxDigits) {
    return std::nullopt;  // No digit at all, or too many.
  }
  Scaled number{0, -static_cast<int>(fraction.size())};
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number.digits);
  if (!digits.empty() && (error != std::errc{} || end != digits.data() + digits.size())) {
    return std::nullopt;
  }
  return number;
}

/// Moves zeros at the end of the digits into the exponent.
Scaled Shortest(Scaled number) {
  while (number.digits != 0 && number.digits % 10 == 0) {
    number.digits /= 10;
    ++number.exponent;
  }
  return number;
}

/// The next multiple of 10^power.
Scaled RoundUp(Scaled number, int power) {
  for (; number.exponent < power; ++number.exponent) {
    number.digits = number.digits / 10 + (number.digits % 10 == 0 ? 0 : 1);
  }
  return number;
}

std::optional<std::string> WriteDecimal(Scaled number, Notation notation) {
  number = Shortest(number);
  for (; number.exponent % 3 != 0; --number.exponent) {
    if (__builtin_mul_overflow(number.digits, 10, &number.digits)) return std::nullopt;
  }
  if (notation == Notation::kExponent) {
    return number.exponent == 0 ? fmt::format("{}", number.digits)
                                : fmt::format("{}e{}", number.digits, number.exponent);
  }
  const auto index = static_cast<std::size_t>((number.exponent - kSmallestPower) / 3);
  if (index >= kDecimalSuffixes.size()) return std::nullopt;
  return fmt::format("{}{}", number.digits, kDecimalSuffixes[index]);
}

/// Binary suffixes are kept only for whole multiples of 1024: 0.5Ki is 512, 1.1Ki is 1126400m. The
/// API server writes 62.5Ki as 64000, but when it reads that back it is decimal, and so 64k.
std::optional<std::string> WriteBinary(Scaled number, int power, int smallest) {
  if (__builtin_mul_overflow(number.digits, std::int64_t{1} << power, &number.digits)) {
    return std::nullopt;
  }
  number = RoundUp(number, smallest);
  while (number.exponent < 0 && number.digits % 10 == 0) {
    number.digits /= 10;
    ++number.exponent;
  }
  if (number.exponent < 0 || number.digits % 1024 != 0) {
    return WriteDecimal(number, Notation::kDecimal);
  }
  std::size_t step = 0;
  for (; number.digits % 1024 == 0; ++step) number.digits /= 1024;
  return fmt::format("{}{}", number.digits, kBinarySuffixes[step]);
}

/// `smallest` is the power of ten to which the API server rounds up.
std::string Canonical(std::string_view text, int smallest) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = ParseNumber(text.substr(0, end));
  const auto suffix = ParseSuffix(text.substr(end));
  if (!number || !suffix) return std::string(text);
  if (number->digits == 0) return "0";
  const auto canonical =
      suffix->notation == Notation::kBinary
          ? WriteBinary(*number, suffix->power, smallest)
          : WriteDecimal(RoundUp({number->digits, number->exponent + suffix->power}, smallest),
                         suffix->notation);
  return canonical.value_or(std::string(text));
}

}  // namespace

std::string CanonicalQuantity(std::string_view text) { return Canonical(text, kSmallestPower); }

std::string CanonicalRequest(std::string_view text) { return Canonical(text, kMilli); }

std::optional<double> QuantityValue(std::string_view text) {
  const auto end = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = ParseNumber(text.substr(0, end));
  const auto suffix = ParseSuffix(text.substr(end));
  if (!number || !suffix) return std::nullopt;
  const double decimal = static_cast<double>(number->digits) * std::pow(10.0, number->exponent);
  const double base = suffix->notation == Notation::kBinary ? 2.0 : 10.0;
  return decimal * std::pow(base, suffix->power);
}

std::optional<std::int64_t> MilliValue(std::string_view text) {
  constexpr double kMost = 9e18;
  const auto value = QuantityValue(text);
  if (!value) return std::nullopt;
  const double milli = std::round(*value * 1e6) / 1e3;  // 0.1 is no number of base two.
  return milli >= kMost ? static_cast<std::int64_t>(kMost)
                        : static_cast<std::int64_t>(std::ceil(milli));
}

}  // namespace slipway
