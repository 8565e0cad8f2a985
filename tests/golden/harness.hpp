#pragma once

#include <string>

#include "tests/golden/decode.hpp"

namespace slipway::golden {

/// Runs every case below tests/golden/<folder> through `controller` and compares with what is
/// written there. A case is a folder with
///   world.yaml   a head (`now`, optionally `failures` and `bodies: true`), then the custom
///   resource
///                and its children as the API server stores them
///   expect.yaml  what one pass must do: actions, Events, when it wakes up, and the new status
///                (`unchanged` when it writes none); bodies of what is written with `bodies: true`
/// The objects go through the real decoders. Every case also checks that the same pass gives the
/// same answer again, and that a pass that finds its own status recorded changes nothing more.
///
/// With SLIPWAY_UPDATE_GOLDEN=1 in the environment expect.yaml is written instead; read the diff.
void RunGolden(const std::string& folder, const Controller& controller);

}  // namespace slipway::golden
