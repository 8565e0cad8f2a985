#include "operator/run/turns.hpp"

#include <algorithm>

namespace slipway {
namespace {

/// So many are remembered before those whose turn has come again are forgotten.
constexpr std::size_t kMany = 4096;

}  // namespace

std::chrono::seconds Turns::WaitOf(const std::string& who) {
  const MutexLock lock(mutex_);
  const auto last = taken_.find(who);
  if (last == taken_.end()) return std::chrono::seconds(0);
  const auto left =
      std::chrono::ceil<std::chrono::seconds>(last->second + between_ - clock_.Steady());
  return std::max(left, std::chrono::seconds(0));
}

void Turns::Take(const std::string& who) {
  const SteadyInstant now = clock_.Steady();
  const MutexLock lock(mutex_);
  if (taken_.size() >= kMany) {
    std::erase_if(taken_, [&](const auto& item) { return now - item.second >= between_; });
  }
  taken_.insert_or_assign(who, now);
}

}  // namespace slipway
