#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "operator/base/fair_share.hpp"

namespace slipway {

/// Who may have one of a limited number of places next: groups take turns, within a group it is
/// first come, first served, and none gets more than its FairShare. Without I/O, locks or clocks.
/// Not thread-safe.
template <class Item>
class FairLine {
 public:
  explicit FairLine(std::size_t places) : share_(places) {}

  void Join(const std::string& group, Item item) { waiting_[group].push_back(std::move(item)); }

  /// The item whose turn it is; it holds a place until Leave of its group. Items of which
  /// `given_up(item)` is true are dropped on the way.
  template <class GivenUp>
  std::optional<Item> Next(GivenUp given_up) {
    auto group = waiting_.upper_bound(last_served_);
    for (std::size_t left = waiting_.size(); left > 0; --left) {
      if (group == waiting_.end()) group = waiting_.begin();
      auto& [name, items] = *group;
      if (!share_.MayTake(name)) {
        ++group;
        continue;
      }
      while (!items.empty() && given_up(items.front())) items.pop_front();
      if (items.empty()) {
        group = waiting_.erase(group);
        continue;
      }
      Item item = std::move(items.front());
      items.pop_front();
      last_served_ = name;
      share_.Take(name);
      if (items.empty()) waiting_.erase(group);
      return item;
    }
    return std::nullopt;
  }

  /// One place of the group is free again.
  void Leave(const std::string& group) { share_.Return(group); }

  /// Everything that waits; nothing does afterwards.
  std::vector<Item> TakeWaiting() {
    std::vector<Item> all;
    for (auto& [name, items] : waiting_) {
      for (Item& item : items) all.push_back(std::move(item));
    }
    waiting_.clear();
    return all;
  }

  std::size_t Taken() const { return share_.Taken(); }

 private:
  FairShare share_;
  std::map<std::string, std::deque<Item>> waiting_;
  std::string last_served_;
};

}  // namespace slipway
