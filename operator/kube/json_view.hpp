#pragma once

#include <simdjson.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace slipway {

/// A read-only look at parsed JSON in which absence is an ordinary value: looking into a missing
/// member gives another missing view, so a decoder reads as a list of paths. The bytes belong to
/// the JsonParser that made it; a view must not outlive the parser's next Parse.
class JsonView {
 public:
  JsonView() = default;
  explicit JsonView(simdjson::dom::element element) : element_(element) {}

  /// The member of that name; missing when this is no object, has no such member, or it is null.
  JsonView operator[](std::string_view member) const {
    simdjson::dom::element found;
    if (!element_ || element_->at_key(member).get(found) != simdjson::SUCCESS) return {};
    return JsonView(found);
  }

  bool Exists() const { return element_ && !element_->is_null(); }
  /// It is there, and it is null.
  bool IsNull() const { return element_ && element_->is_null(); }
  bool IsObject() const { return element_ && element_->is_object(); }
  bool IsArray() const { return element_ && element_->is_array(); }

  std::optional<std::string_view> String() const { return As<std::string_view>(); }
  std::optional<std::int64_t> Int() const { return As<std::int64_t>(); }
  std::optional<bool> Bool() const { return As<bool>(); }
  std::optional<double> Double() const { return As<double>(); }

  /// The text, or an empty one when this is no string.
  std::string Text() const { return std::string(String().value_or(std::string_view{})); }
  std::int64_t IntOr(std::int64_t fallback) const { return Int().value_or(fallback); }
  bool BoolOr(bool fallback) const { return Bool().value_or(fallback); }

  /// Calls visit(JsonView) for each element of an array, nothing otherwise.
  template <std::invocable<JsonView> Visit>
  void ForEach(Visit visit) const {
    simdjson::dom::array array;
    if (!element_ || element_->get(array) != simdjson::SUCCESS) return;
    for (auto item : array) visit(JsonView(item));
  }

  /// Calls visit(name, JsonView) for each member of an object, nothing otherwise.
  template <std::invocable<std::string_view, JsonView> Visit>
  void ForEachMember(Visit visit) const {
    simdjson::dom::object object;
    if (!element_ || element_->get(object) != simdjson::SUCCESS) return;
    for (auto member : object) visit(member.key, JsonView(member.value));
  }

  /// The value written back as minified JSON; empty when missing.
  std::string Dump() const { return element_ ? std::string(simdjson::minify(*element_)) : ""; }

 private:
  template <class T>
  std::optional<T> As() const {
    T value;
    if (!element_ || element_->get(value) != simdjson::SUCCESS) return std::nullopt;
    return value;
  }

  std::optional<simdjson::dom::element> element_;
};

/// Reuses one parse buffer for many documents. Not thread-safe: one per thread or per stream.
class JsonParser {
 public:
  /// Parses one document. The view is valid until the next call.
  Result<JsonView> Parse(std::string_view json) {
    if (json.empty()) return Fail(Code::kInternal, "not JSON: there is nothing");
    simdjson::dom::element root;
    if (auto error = parser_.parse(json.data(), json.size()).get(root)) {
      return Fail(Code::kInternal, std::string("not JSON: ") + simdjson::error_message(error));
    }
    return JsonView(root);
  }

 private:
  simdjson::dom::parser parser_;
};

}  // namespace slipway
