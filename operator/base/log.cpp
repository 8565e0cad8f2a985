#include "operator/base/log.hpp"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <memory>
#include <vector>

#include "operator/base/utf8.hpp"

namespace slipway::log {
namespace {

constexpr std::array<std::string_view, 4> kLevelNames = {"debug", "info", "warn", "error"};

std::atomic<Level> minimum_level{Level::kInfo};

/// A field of a Scope. The value is kept as it will be printed.
struct ScopedField {
  std::string name;
  std::string json;
};
thread_local std::vector<ScopedField> scoped_fields;

void AppendText(std::string& line, std::string_view text) {
  line += '"';
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t length = Utf8Length(text);
    if (length == 0) {
      line += kReplacementCharacter;
    } else if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      fmt::format_to(std::back_inserter(line), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      line += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  line += '"';
}

struct ValueWriter {
  std::string& line;
  void operator()(std::string_view text) const { AppendText(line, text); }
  void operator()(std::int64_t number) const { line += std::to_string(number); }
  void operator()(bool flag) const { line += flag ? "true" : "false"; }
  void operator()(double number) const {
    // JSON has no infinity and no NaN.
    if (std::isfinite(number)) {
      fmt::format_to(std::back_inserter(line), "{}", number);
    } else {
      line += fmt::format("\"{}\"", number);
    }
  }
};

void AppendName(std::string& line, std::string_view name) {
  line += ',';
  AppendText(line, name);
  line += ':';
}

bool Contains(Fields fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const Field& field) { return field.name == name; });
}

void AppendScopedFields(std::string& line, Fields hiding) {
  for (auto field = scoped_fields.begin(); field != scoped_fields.end(); ++field) {
    const bool hidden = Contains(hiding, field->name) ||
                        std::any_of(field + 1, scoped_fields.end(), [&](const ScopedField& inner) {
                          return inner.name == field->name;
                        });
    if (hidden) continue;
    AppendName(line, field->name);
    line += field->json;
  }
}

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto stderr_logger = std::make_unique<spdlog::logger>(
        "slipway", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    // The line is complete already; a pattern would not escape it.
    stderr_logger->set_pattern("%v");
    stderr_logger->set_level(spdlog::level::trace);
    stderr_logger->flush_on(spdlog::level::trace);
    return stderr_logger;
  }();
  return *logger;
}

void Write(Level level, std::string_view message, Fields fields) {
  if (!Enabled(level)) return;
  Logger().log(spdlog::level::info, FormatLine(SystemClock().Now(), level, message, fields));
}

}  // namespace

void Debug(std::string_view message, Fields fields) { Write(Level::kDebug, message, fields); }
void Info(std::string_view message, Fields fields) { Write(Level::kInfo, message, fields); }
void Warn(std::string_view message, Fields fields) { Write(Level::kWarn, message, fields); }
void Error(std::string_view message, Fields fields) { Write(Level::kError, message, fields); }

void SetLevel(Level level) { minimum_level = level; }
bool Enabled(Level level) { return level >= minimum_level.load(std::memory_order_relaxed); }

std::optional<Level> ParseLevel(std::string_view text) {
  const auto* const found = std::find(kLevelNames.begin(), kLevelNames.end(), text);
  if (found == kLevelNames.end()) return std::nullopt;
  return static_cast<Level>(found - kLevelNames.begin());
}

Scope::Scope(Fields fields) : outer_size_(scoped_fields.size()) {
  for (const Field& field : fields) {
    std::string json;
    std::visit(ValueWriter{json}, field.value);
    scoped_fields.push_back({std::string(field.name), std::move(json)});
  }
}

Scope::~Scope() { scoped_fields.resize(outer_size_); }

std::string FormatLine(Instant time, Level level, std::string_view message, Fields fields) {
  std::string line = fmt::format(R"({{"ts":"{}","level":"{}","msg":)", FormatMicroTime(time),
                                 kLevelNames.at(static_cast<std::size_t>(level)));
  AppendText(line, message);
  AppendScopedFields(line, fields);
  for (const Field& field : fields) {
    AppendName(line, field.name);
    std::visit(ValueWriter{line}, field.value);
  }
  line += '}';
  return line;
}

}  // namespace slipway::log
