#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"

namespace slipway::cli {

/// Looks into objects of which nothing is certain: what is absent, or of another type than
/// expected, is null, empty or zero, and never an error.
using Path = std::initializer_list<std::string_view>;

/// The value at that path, or null.
const nlohmann::json& At(const nlohmann::json& object, Path path);
std::string Text(const nlohmann::json& object, Path path);
std::int64_t Number(const nlohmann::json& object, Path path);
bool Flag(const nlohmann::json& object, Path path);
std::optional<Instant> Time(const nlohmann::json& object, Path path);
/// The list at that path, or an empty one.
const std::vector<nlohmann::json>& List(const nlohmann::json& object, Path path);
/// The names of an object's members at that path.
std::vector<std::string> Names(const nlohmann::json& object, Path path);

/// A quantity, name or number as it is written: texts without their quotes.
std::string Plain(const nlohmann::json& value);

/// metadata.name.
std::string Name(const nlohmann::json& object);
std::string Label(const nlohmann::json& object, std::string_view label);

/// The condition of that type, or null.
const nlohmann::json& Condition(const nlohmann::json& object, std::string_view type);
/// Whether that condition is there and True.
bool Holds(const nlohmann::json& object, std::string_view type);

}  // namespace slipway::cli
