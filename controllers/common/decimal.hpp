#pragma once

#include <string_view>

namespace slipway {

/// Whether a - b >= margin, exactly: 0.3 - 0.1 is 0.2 here, which it is not in binary. Each is a
/// decimal number as the API writes it, such as "-0.5" or "1.5e-07"; false when one of them is not.
bool DiffersBy(std::string_view a, std::string_view b, std::string_view margin);

}  // namespace slipway
