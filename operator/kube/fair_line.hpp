#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slipway {

/// Who may have one of a limited number of places next, without I/O, locks or clocks:
///  - groups take turns, within a group it is first come, first served;
///  - a group may take one more place while no fewer are free than it holds. A group alone gets
///    about half of all, each further one that fills up about half of what is left: a few slow
///    groups together leave places to the next one. A fixed share that did so would leave most
///    places empty when there is one group only.
/// Not thread-safe.
template <class Item>
class FairLine {
 public:
  explicit FairLine(std::size_t places) : places_(places) {}

  void Join(const std::string& group, Item item) { waiting_[group].push_back(std::move(item)); }

  /// The item whose turn it is; it holds a place until Leave of its group. Items of which
  /// `given_up(item)` is true are dropped on the way.
  template <class GivenUp>
  std::optional<Item> Next(GivenUp given_up) {
    auto group = waiting_.upper_bound(last_served_);
    for (std::size_t left = waiting_.size(); left > 0 && taken_ < places_; --left) {
      if (group == waiting_.end()) group = waiting_.begin();
      auto& [name, items] = *group;
      if (!MayTakeOneMore(name)) {
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
      ++taken_;
      ++held_[name];
      if (items.empty()) waiting_.erase(group);
      return item;
    }
    return std::nullopt;
  }

  /// One place of the group is free again.
  void Leave(const std::string& group) {
    const auto held = held_.find(group);
    if (held == held_.end()) return;
    if (--held->second == 0) held_.erase(held);
    --taken_;
  }

  /// Everything that waits; nothing does afterwards.
  std::vector<Item> TakeWaiting() {
    std::vector<Item> all;
    for (auto& [name, items] : waiting_) {
      for (Item& item : items) all.push_back(std::move(item));
    }
    waiting_.clear();
    return all;
  }

  std::size_t Taken() const { return taken_; }

 private:
  bool MayTakeOneMore(const std::string& group) const {
    const auto held = held_.find(group);
    return held == held_.end() || held->second <= places_ - taken_;
  }

  const std::size_t places_;
  std::size_t taken_ = 0;
  std::map<std::string, std::size_t> held_;
  std::map<std::string, std::deque<Item>> waiting_;
  std::string last_served_;
};

}  // namespace slipway
