#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

namespace slipway {

/// Places (workers, connections) that groups (namespaces) share: a group may take one more while no
/// fewer are free than it holds. Alone it gets about half of all, each further one that fills up
/// about half of what is left, so that a few groups that are stuck (a webhook that hangs, say)
/// leave places to the next one. A fixed share that did so would leave most places empty when there
/// is one group only. Not thread-safe.
class FairShare {
 public:
  explicit FairShare(std::size_t places) : places_(places) {}

  bool MayTake(const std::string& group) const {
    const auto held = held_.find(group);
    const std::size_t free = places_ - std::min(taken_, places_);
    return free > 0 && (held == held_.end() || held->second <= free);
  }
  void Take(const std::string& group) {
    ++held_[group];
    ++taken_;
  }
  /// One place of the group is free again; nothing if it holds none.
  void Return(const std::string& group) {
    const auto held = held_.find(group);
    if (held == held_.end()) return;
    if (--held->second == 0) held_.erase(held);
    --taken_;
  }

  std::size_t Taken() const { return taken_; }

 private:
  std::size_t places_;
  std::size_t taken_ = 0;
  std::map<std::string, std::size_t> held_;
};

}  // namespace slipway
