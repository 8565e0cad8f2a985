#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"

/// What `slipway verify-model` says of the model that a server is to load, as the termination
/// message of its container.
namespace slipway {

/// What the kubelet keeps of a termination message.
inline constexpr std::size_t kMaxModelReport = 4096;

enum class ModelReason {
  kVerified,
  kModelCorrupt,     ///< It is another one than was registered.
  kModelUnreadable,  ///< Not all of it could be read, or it has what no digest can stand for.
};

struct ModelReport {
  ModelReason reason = ModelReason::kModelUnreadable;
  std::string path;      ///< Of the file or folder.
  std::string expected;  ///< "sha256:..."
  std::string found;     ///< The same; empty when there is none.
  std::string problem;   ///< Why there is none.
  std::int64_t files = 0;
  std::int64_t bytes = 0;
  std::chrono::milliseconds took{0};
  bool operator==(const ModelReport&) const = default;
};

/// "Verified", "ModelCorrupt", "ModelUnreadable".
std::string_view ToString(ModelReason reason);
/// How the program ends: 0, 3 and 4. Any other code, such as 2 for options that cannot be, proves
/// nothing.
int ExitCode(ModelReason reason);

/// As one line of JSON, at most kMaxModelReport bytes.
std::string WriteModelReport(const ModelReport& report);

/// Reads what that wrote. Fails with kInternal for any other text, which may be hostile.
Result<ModelReport> ReadModelReport(std::string_view text);

/// One line for people: what was found, and the way out. Fits into a condition.
std::string DescribeModel(const ModelReport& report);

}  // namespace slipway
