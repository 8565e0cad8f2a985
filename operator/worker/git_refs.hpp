#pragma once

#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace slipway::worker {

/// The hash of the commit that a branch has by what a server advertises: the body of GET
/// URL/info/refs?service=git-upload-pack, which is a line that names the service, then a line a
/// ref, each preceded by its length in four hex digits
/// (https://git-scm.com/docs/gitprotocol-common, https://git-scm.com/docs/gitprotocol-http).
///
/// Fails with kNotFound when there is no such branch, and with kInternal when the text is no such
/// answer; a server that speaks only the "dumb" protocol gives none.
Result<std::string> FindBranch(std::string_view advertisement, std::string_view branch);

}  // namespace slipway::worker
