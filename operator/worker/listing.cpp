#include "operator/worker/listing.hpp"

#include <algorithm>

namespace slipway::worker {

void Listing::Add(std::string_view key, std::string_view tag, Instant written) {
  const Instant second = std::chrono::floor<std::chrono::seconds>(written);
  ++objects_;
  digest_.Update(key);
  digest_.Update({"\0", 1});
  digest_.Update(tag);
  digest_.Update("\n");
  if (!newest_ || second > *newest_) {
    newest_ = second;
    at_newest_ = 0;
  }
  if (second == *newest_) ++at_newest_;
  if (!from_ || second > from_->newest) {
    ++later_;
  } else if (second == from_->newest) {
    ++at_from_;
  }
}

training_trigger::PollResult Listing::Finish() {
  training_trigger::PollResult result;
  result.revision = "sha256:" + digest_.Hex();
  result.listing.emplace();
  result.listing->objects = objects_;
  if (newest_) {
    result.listing->newest_time = newest_;
    result.listing->newest_count = at_newest_;
  }
  const std::int64_t known = from_ ? from_->at_newest : 0;
  result.new_objects = later_ + std::max<std::int64_t>(at_from_ - known, 0);
  return result;
}

}  // namespace slipway::worker
