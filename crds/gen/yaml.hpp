#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/base/result.hpp"

namespace slipway::crdgen {

/// JSON that keeps the order of members, so that generated files follow the order of the CRD.
using Json = nlohmann::ordered_json;

/// The whole text of a file. The error names the path.
Result<std::string> ReadFile(const std::filesystem::path& path);

/// The documents of a YAML text as JSON, read as kubectl does: plain `true`, `1` and `null` have
/// types, quoted ones are texts. `origin` names the source in errors.
Result<std::vector<Json>> ParseYaml(const std::string& text, const std::string& origin);

/// ParseYaml over ReadFile.
Result<std::vector<Json>> LoadYaml(const std::filesystem::path& path);

}  // namespace slipway::crdgen
