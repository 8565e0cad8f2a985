#pragma once

#include <fmt/format.h>

#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "crds/generated/types.hpp"
#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/kube/json_view.hpp"
#include "operator/kube/meta.hpp"

/// What generated/codec.cpp is written in terms of. Nobody else includes it.
namespace slipway::api {

/// A value inside an object that is being decoded, and the way to it. Only the first error of an
/// object is kept, so that decoders need no branches.
class Cursor {
 public:
  Cursor(JsonView view, std::optional<Error>& error) : view_(view), error_(&error) {}

  /// Decodes a member whose absence is an error: the CRD requires it or gives it a default.
  template <class T>
  void Required(std::string_view name, T& out) const {
    const Cursor member(*this, name, view_[name]);
    if (member.view_.Exists()) {
      Decode(member, out);
    } else {
      member.Refuse(
          "is missing, but the CRD requires it or gives it a default; apply the CRDs of "
          "this version, then edit the object");
    }
  }

  /// Decodes a member if it is there.
  template <class T>
  void Optional(std::string_view name, T& out) const {
    const Cursor member(*this, name, view_[name]);
    if (member.view_.Exists()) Decode(member, out);
  }

  /// Calls visit(Cursor) for each item of a list.
  template <class Visit>
  void ForEach(Visit visit) const {
    if (!view_.IsArray()) return Refuse("must be a list");
    std::size_t index = 0;
    view_.ForEach([&](JsonView item) {
      const std::string name = fmt::format("[{}]", index++);
      visit(Cursor(*this, name, item));
    });
  }

  /// Calls visit(name, Cursor) for each member of a map.
  template <class Visit>
  void ForEachMember(Visit visit) const {
    if (!view_.IsObject()) return Refuse("must be an object");
    view_.ForEachMember(
        [&](std::string_view name, JsonView item) { visit(name, Cursor(*this, name, item)); });
  }

  const JsonView& View() const { return view_; }

  /// Records why this value cannot be decoded.
  void Refuse(std::string_view why) const {
    if (*error_) return;
    const std::string value = view_.Dump();
    const std::string shown = value.empty() ? "" : fmt::format(" (it is {:.80})", value);
    *error_ = Error{Code::kInvalid, fmt::format("{} {}{}", Path(), why, shown)};
  }

 private:
  Cursor(const Cursor& parent, std::string_view name, JsonView view)
      : view_(view), parent_(&parent), name_(name), error_(parent.error_) {}

  std::string Path() const {
    if (parent_ == nullptr) return "";
    const std::string before = parent_->Path();
    const bool dot = !before.empty() && !name_.starts_with('[');
    return before + (dot ? "." : "") + std::string(name_);
  }

  JsonView view_;
  const Cursor* parent_ = nullptr;
  std::string_view name_;
  std::optional<Error>* error_;
};

/// A text, or an integer where the schema says int-or-string.
inline void Decode(const Cursor& in, std::string& out) {
  if (const auto text = in.View().String()) {
    out = *text;
  } else if (const auto number = in.View().Int()) {
    out = std::to_string(*number);
  } else {
    in.Refuse("must be a text");
  }
}

inline void Decode(const Cursor& in, bool& out) {
  if (!in.View().Bool()) return in.Refuse("must be true or false");
  out = *in.View().Bool();
}

inline void Decode(const Cursor& in, std::int64_t& out) {
  if (!in.View().Int()) return in.Refuse("must be an integer of 64 bits");
  out = *in.View().Int();
}

inline void Decode(const Cursor& in, std::int32_t& out) {
  using Limits = std::numeric_limits<std::int32_t>;
  const auto number = in.View().Int();
  if (!number || *number < Limits::min() || *number > Limits::max()) {
    return in.Refuse("must be an integer of 32 bits");
  }
  out = static_cast<std::int32_t>(*number);
}

inline void Decode(const Cursor& in, Instant& out) {
  const auto time = ParseTime(in.View().Text());
  if (!time) return in.Refuse("must be a time such as 2026-09-01T12:00:00Z");
  out = *time;
}

inline void Decode(const Cursor& in, RawJson& out) {
  if (!in.View().IsObject()) return in.Refuse("must be an object");
  out.text = in.View().Dump();
}

template <class T>
void Decode(const Cursor& in, std::optional<T>& out) {
  Decode(in, out.emplace());
}

template <class T>
void Decode(const Cursor& in, std::vector<T>& out) {
  in.ForEach([&](const Cursor& item) { Decode(item, out.emplace_back()); });
}

template <class T>
void Decode(const Cursor& in, std::map<std::string, T>& out) {
  in.ForEachMember(
      [&](std::string_view name, const Cursor& item) { Decode(item, out[std::string(name)]); });
}

/// Enumerators count from kUnknown = 0 up to `last`; a text that none of them has is kUnknown, so
/// that an object written for a newer version is still readable.
template <class E>
void DecodeEnum(const Cursor& in, E& out, E last) {
  out = E::kUnknown;
  const auto text = in.View().String();
  if (!text) return in.Refuse("must be a text");
  for (int i = 1; i <= static_cast<int>(last); ++i) {
    if (ToString(static_cast<E>(i)) == *text) out = static_cast<E>(i);
  }
}

/// Decodes a whole custom resource.
template <class Kind>
Result<Kind> DecodeKind(const JsonView& object) {
  auto meta = DecodeMeta(object);
  if (!meta) return tl::unexpected(meta.error());
  Kind kind;
  kind.meta = std::move(*meta);
  std::optional<Error> error;
  const Cursor root(object, error);
  root.Required("spec", kind.spec);
  if constexpr (requires { kind.status; }) root.Optional("status", kind.status);
  if (error) return tl::unexpected(std::move(*error));
  return kind;
}

inline nlohmann::json ToJson(const RawJson& value) { return nlohmann::json::parse(value.text); }

template <class T>
nlohmann::json Encode(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return ToString(value);
  } else if constexpr (std::is_same_v<T, Instant>) {
    return FormatTime(value);
  } else if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string>) {
    return ToJson(value);
  } else {
    return value;
  }
}

template <class T>
nlohmann::json Encode(const std::vector<T>& list) {
  nlohmann::json out = nlohmann::json::array();
  for (const T& item : list) out.push_back(Encode(item));
  return out;
}

template <class T>
nlohmann::json Encode(const std::map<std::string, T>& map) {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [name, value] : map) out[name] = Encode(value);
  return out;
}

/// Writes a member whatever its value is.
template <class T>
void Put(nlohmann::json& out, const char* name, const T& value) {
  out[name] = Encode(value);
}

/// Leaves out what is absent.
template <class T>
void PutAny(nlohmann::json& out, const char* name, const std::optional<T>& value) {
  if (value) out[name] = Encode(*value);
}

/// Leaves out what is empty.
template <class T>
requires requires(const T& value) { value.empty(); }
void PutAny(nlohmann::json& out, const char* name, const T& value) {
  if (!value.empty()) out[name] = Encode(value);
}

}  // namespace slipway::api
