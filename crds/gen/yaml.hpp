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

/// The documents of a YAML text as JSON, read as kubectl does: plain `true`, `yes`, `1` and `null`
/// have types, quoted ones are texts; a key may be there once. `origin` names the source in errors.
/// A text of aliases that would unfold to more than 200,000 values is refused.
Result<std::vector<Json>> ParseYaml(const std::string& text, const std::string& origin);

/// ParseYaml over ReadFile.
Result<std::vector<Json>> LoadYaml(const std::filesystem::path& path);

/// Block-style YAML that ParseYaml and kubectl read back as the same value.
std::string DumpYaml(const Json& value);

}  // namespace slipway::crdgen
