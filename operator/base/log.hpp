#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "operator/base/clock.hpp"

/// Logs as one JSON object a line on stderr: `ts`, `level`, `msg`, then fields. Messages are
/// constant texts; whatever varies is a field, so that lines can be grouped and searched. Never
/// pass a token, a key or a Secret's content.
namespace slipway::log {

enum class Level { kDebug, kInfo, kWarn, kError };

/// A name and a value. Views its texts, so it only lives within the call it is written in.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, double, bool>;

  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const std::string& text)
      : name(field_name), value(std::string_view(text)) {}
  Field(std::string_view field_name, const char* text)
      : name(field_name), value(std::string_view(text)) {}
  Field(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
  Field(std::string_view field_name, std::floating_point auto number)
      : name(field_name), value(static_cast<double>(number)) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Field(std::string_view field_name, T number)
      : name(field_name), value(static_cast<std::int64_t>(number)) {}

  std::string_view name;
  Value value;
};
using Fields = std::initializer_list<Field>;

void Debug(std::string_view message, Fields fields = {});
void Info(std::string_view message, Fields fields = {});
void Warn(std::string_view message, Fields fields = {});
void Error(std::string_view message, Fields fields = {});

/// Lines below this level are not written. Info unless set. Thread-safe.
void SetLevel(Level level);
/// True when a line of this level would be written; for fields that are costly to compute.
bool Enabled(Level level);
/// "debug", "info", "warn" or "error"; std::nullopt for any other text.
std::optional<Level> ParseLevel(std::string_view text);

/// Adds fields to every line that this thread writes while the scope lives. Scopes nest; an inner
/// field, or one of the line itself, hides an outer one of the same name.
class Scope {
 public:
  Scope(Fields fields);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

 private:
  std::size_t outer_size_;
};

/// The line that the functions above write, without its newline. Text that is not UTF-8 comes out
/// with U+FFFD in place of the bad bytes, so that a line is always valid JSON.
std::string FormatLine(Instant time, Level level, std::string_view message, Fields fields);

}  // namespace slipway::log
