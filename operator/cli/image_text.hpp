#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "operator/cli/image_list.hpp"

namespace slipway::cli {

/// For people: a table, and what to do about images without a digest. `wide` shows everything.
std::string ImageTable(const ImageList& list, const std::vector<Mirror>& mirrors, bool wide);

/// One name a line, as tools take them; with mirrors the names there, which of those that are in
/// none is left as it is.
std::string ImageNames(const ImageList& list, const std::vector<Mirror>& mirrors);

/// All that is known, for programs.
nlohmann::json ImageJson(const ImageList& list, const std::vector<Mirror>& mirrors);

/// The file for `skopeo sync --src yaml`
/// (https://github.com/containers/skopeo/blob/main/docs/skopeo-sync.1.md).
std::string SkopeoYaml(const ImageList& list);

/// An ImageSetConfiguration for `oc mirror --v2`.
std::string OcMirrorYaml(const ImageList& list);

/// "2 of 5 images have no digest", or "" when all have one.
std::string WithoutDigest(const ImageList& list);

}  // namespace slipway::cli
