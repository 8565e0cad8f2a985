#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "controllers/training_trigger/poll_result.hpp"
#include "operator/base/clock.hpp"
#include "operator/base/digest.hpp"

namespace slipway::worker {

/// From where new objects are counted: the second of the newest object that is known, and how many
/// were written in it.
struct CountFrom {
  Instant newest{};
  std::int64_t at_newest = 0;
};

/// Counts the objects of a store as they are listed, and remembers none. An object is new when it
/// was written after what is counted from. Times are taken in whole seconds, which is what most
/// stores have.
class Listing {
 public:
  explicit Listing(std::optional<CountFrom> from) : from_(from) {}

  /// `tag` changes when the object does.
  void Add(std::string_view key, std::string_view tag, Instant written);
  std::int64_t Objects() const { return objects_; }

  /// What was found. Its revision is a digest over all keys and tags in the order in which they
  /// came, which both stores keep. Ends the listing.
  training_trigger::PollResult Finish();

 private:
  std::optional<CountFrom> from_;
  Sha256Stream digest_;
  std::int64_t objects_ = 0;
  std::optional<Instant> newest_;
  std::int64_t at_newest_ = 0;
  std::int64_t later_ = 0;    ///< After the second that is counted from.
  std::int64_t at_from_ = 0;  ///< In that second.
};

}  // namespace slipway::worker
