#pragma once

#include <string>

#include "crds/generated/types.hpp"

namespace slipway::model_version {

/// The record in Markdown, for people. What users wrote is in it as text, never as HTML; at most 32
/// KiB of it, cut at a line.
std::string RenderCard(const api::ModelVersion& version);

}  // namespace slipway::model_version
