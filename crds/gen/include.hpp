#pragma once

#include <map>
#include <string>

#include "operator/base/result.hpp"

namespace slipway::crdgen {

/// Texts of files by their names.
using Texts = std::map<std::string, std::string>;

/// The text of `texts[file]` with its regions of the form
///
///     # BEGIN include trainingjobs.yaml spec
///     # END include
///
/// written anew, so that a schema that two kinds share is written once. The region then holds the
/// members of the schema that lies at that way through the `properties` of another file, as they
/// stand there, without
///   - those that the including schema has above the region: what stands there wins;
///   - rules that name oldSelf: they are about changes of the other kind's objects.
/// A file without a region comes back as it is. The error names file and line, and the way out.
Result<std::string> FillIncludes(const Texts& texts, const std::string& file);

/// FillIncludes for every file that has a region; the others are left out.
Result<Texts> FillAllIncludes(const Texts& texts);

}  // namespace slipway::crdgen
