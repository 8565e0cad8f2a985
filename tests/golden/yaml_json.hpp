#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace slipway::golden {

/// The documents of a YAML file as JSON; plain scalars get the type that kubectl would give them.
std::vector<nlohmann::json> LoadYaml(const std::filesystem::path& file);

/// Block-style YAML, keys in their order. Texts that would read back as something else are quoted.
std::string ToYaml(const nlohmann::ordered_json& value);

}  // namespace slipway::golden
