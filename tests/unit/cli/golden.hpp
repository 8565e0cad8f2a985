#pragma once

#include <filesystem>
#include <string>

#include "operator/cli/world.hpp"

/// Texts that people are shown, kept in files to be read; SLIPWAY_UPDATE_GOLDEN=1 writes them.
namespace slipway::cli {

std::filesystem::path GoldenFolder();

void ExpectGolden(const std::filesystem::path& file, const std::string& actual);

/// The world of a YAML file: a head with `now` and perhaps `unread`, the custom resource without
/// its defaults, and whatever objects there are, each taken where its kind belongs.
World ReadWorldFile(const std::filesystem::path& file);

}  // namespace slipway::cli
