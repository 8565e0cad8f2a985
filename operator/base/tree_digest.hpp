#pragma once

#include <cstdint>
#include <string>

#include "operator/base/result.hpp"

/// One digest over a file, or over a folder with all that is in it: what a ModelVersion has as its
/// artifact.digest.
namespace slipway {

struct TreeDigest {
  std::string digest;  ///< "sha256:" and 64 lower-case hex digits.
  std::int64_t files = 0;
  std::int64_t bytes = 0;
};

/// Of a file the SHA-256 of its bytes. Of a folder that of one line for each file in it, sorted by
/// their bytes: the digits of the file, two spaces, its path from the folder, a line feed. So in
/// the folder
///   find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum -- | sha256sum
/// has the same digits. Modes, owners, times and empty folders do not count.
///
/// Fails with kInvalid, and a sentence with the way out, for what no digest could stand for: links
/// inside a folder, which may lead anywhere, devices and pipes, names with control characters or a
/// backslash, a folder without any file, more than 100000 files or 32 folders in each other; and
/// with kForbidden or kUnavailable for what cannot be read. Holds a piece of one file in memory,
/// and the names of all.
Result<TreeDigest> DigestOfPath(const std::string& path);

}  // namespace slipway
