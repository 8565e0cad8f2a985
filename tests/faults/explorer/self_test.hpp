#pragma once

namespace slipway::explorer {

/// Searches a small space of each kind, which must hold, and of each mutant, which must not. True
/// when it is so.
bool SelfTest();

}  // namespace slipway::explorer
