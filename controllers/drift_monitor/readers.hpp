#pragma once

#include <cstddef>
#include <istream>

#include "controllers/drift_monitor/dataset.hpp"
#include "operator/base/result.hpp"

namespace slipway::drift_monitor {

/// A CSV field or a JSON line longer than this is no feature value but a broken file.
inline constexpr std::size_t kMaxFieldBytes = 1 << 20;

/// Reads RFC 4180 CSV by libcsv: first row the column names, comma, UTF-8. Rows of another width
/// than the header are counted as bad and left out; a column without a name (pandas writes its
/// index so) is left out. Keeps the newest `max_rows`. An empty file has no columns and no rows.
/// Fails with kInvalid on a header that cannot be meant (two columns of one name, numbers only,
/// binary data) and on an unclosed quote, and with kUnavailable when the stream breaks.
Result<Dataset> ReadCsv(std::istream& in, std::size_t max_rows);

/// Reads JSON lines by simdjson: one object a line, its members the columns. Numbers, texts and
/// booleans are values; nested members are left out. Lines that are no JSON object or too long
/// are counted as bad and left out. Keeps the newest `max_rows`. Errors as in ReadCsv.
Result<Dataset> ReadJsonLines(std::istream& in, std::size_t max_rows);

}  // namespace slipway::drift_monitor
