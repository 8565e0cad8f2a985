#include "operator/queue/queue_core.hpp"

#include <algorithm>

namespace slipway {

void QueueCore::Add(const ObjectKey& key, Priority priority, SteadyInstant now) {
  State& state = states_[key];
  if (!state.working && now < state.not_before) return AddAt(key, state.not_before, now);
  CancelDelay(key, state);
  if (state.working) {
    if (!state.again || priority < *state.again) state.again = priority;
    return;
  }
  Enqueue(key, state, priority, now);
}

void QueueCore::AddAt(const ObjectKey& key, SteadyInstant when, SteadyInstant now) {
  if (when <= now) return Add(key, Priority::kLive, now);
  State& state = states_[key];
  // Wanted soon, but in the line of the initial ones "soon" may be minutes: at once, then.
  if (state.waiting == Priority::kInitial) return Enqueue(key, state, Priority::kLive, now);
  if (state.again) state.again = Priority::kLive;
  if (state.waiting || state.again) return;
  when = std::max(when, state.not_before);
  if (state.due && *state.due <= when) return;
  CancelDelay(key, state);
  state.due = when;
  delayed_.emplace(when, key);
}

void QueueCore::Hold(const ObjectKey& key, SteadyInstant until, SteadyInstant now) {
  State& state = states_[key];
  state.not_before = std::max(state.not_before, until);
  if (state.due && *state.due < state.not_before) CancelDelay(key, state);
  AddAt(key, state.not_before, now);
}

std::optional<QueueCore::Item> QueueCore::Take(SteadyInstant now) {
  PromoteDue(now);
  auto key = PopFrom(Priority::kLive);
  if (!key) key = PopFrom(Priority::kInitial);
  if (!key) return std::nullopt;
  State& state = states_[*key];
  state.waiting.reset();
  state.working = true;
  working_.Take(Turn(*key));
  return Item{*key, state.ready_since};
}

void QueueCore::Done(const ObjectKey& key, SteadyInstant now) {
  auto found = states_.find(key);
  if (found == states_.end() || !found->second.working) return;
  State& state = found->second;
  state.working = false;
  working_.Return(Turn(key));
  if (state.again) {
    const Priority priority = *state.again;
    state.again.reset();
    Add(key, priority, now);
  } else if (!state.due) {
    states_.erase(found);
  }
}

std::optional<SteadyInstant> QueueCore::NextDue() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.begin()->first;
}

void QueueCore::PromoteDue(SteadyInstant now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    const ObjectKey key = delayed_.begin()->second;
    Add(key, Priority::kLive, now);
  }
}

void QueueCore::Enqueue(const ObjectKey& key, State& state, Priority priority, SteadyInstant now) {
  if (state.waiting && *state.waiting <= priority) return;
  if (state.waiting) {  // It waits among the initial ones and is now wanted sooner.
    auto& keys = lanes_[static_cast<std::size_t>(*state.waiting)].by_namespace[Turn(key)];
    std::erase(keys, key);
  } else {
    state.ready_since = now;
  }
  state.waiting = priority;
  lanes_[static_cast<std::size_t>(priority)].by_namespace[Turn(key)].push_back(key);
}

std::optional<ObjectKey> QueueCore::PopFrom(Priority priority) {
  Lane& lane = lanes_[static_cast<std::size_t>(priority)];
  auto next = lane.by_namespace.upper_bound(lane.last_served);
  for (std::size_t tried = lane.by_namespace.size(); tried > 0; --tried) {
    if (next == lane.by_namespace.end()) next = lane.by_namespace.begin();
    auto& [turn, keys] = *next;
    if (keys.empty()) {
      next = lane.by_namespace.erase(next);
      continue;
    }
    if (working_.MayTake(turn)) {
      ObjectKey key = std::move(keys.front());
      keys.pop_front();
      lane.last_served = turn;
      if (keys.empty()) lane.by_namespace.erase(next);
      return key;
    }
    ++next;
  }
  return std::nullopt;
}

void QueueCore::CancelDelay(const ObjectKey& key, State& state) {
  if (!state.due) return;
  delayed_.erase({*state.due, key});
  state.due.reset();
}

}  // namespace slipway
