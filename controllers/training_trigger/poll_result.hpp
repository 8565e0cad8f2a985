#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "crds/generated/types.hpp"
#include "operator/base/result.hpp"

namespace slipway::training_trigger {

/// A result goes from a poll pod to the operator as the container's termination message, of which
/// the kubelet keeps 4096 bytes
/// (https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/).
inline constexpr std::size_t kMaxPollResult = 4000;

/// What a look at a source came to.
struct PollResult {
  std::string revision;  ///< The commit, or "sha256:" and a digest over keys and tags.
  /// Of a store: what is there.
  std::optional<api::DataListing> listing;
  /// Of a store: how many objects were written after those that the poll was told to count from.
  std::int64_t new_objects = 0;
  bool operator==(const PollResult&) const = default;
};

/// The result as one line of JSON, at most kMaxPollResult bytes.
std::string WritePollResult(const PollResult& result);
/// A result that says why there is none.
std::string WritePollFailure(std::string_view message);

/// Reads what one of these wrote. Fails with kInvalid and the poll's own words when it says that it
/// failed, and with kInternal when the text is no result.
Result<PollResult> ReadPollResult(std::string_view text);

}  // namespace slipway::training_trigger
