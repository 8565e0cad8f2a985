#include "operator/queue/work_queue.hpp"

#include <algorithm>

namespace slipway {

void WorkQueue::Add(const ObjectKey& key, Priority priority) {
  {
    const MutexLock lock(mutex_);
    core_.Add(key, priority, clock_.Steady());
    ++changes_;
  }
  changed_.notify_one();
}

void WorkQueue::AddAfter(const ObjectKey& key, std::chrono::milliseconds delay) {
  {
    const MutexLock lock(mutex_);
    const auto now = clock_.Steady();
    core_.AddAt(key, now + delay, now);
    ++changes_;
  }
  changed_.notify_one();
}

void WorkQueue::AddBackedOff(const ObjectKey& key, std::chrono::milliseconds at_least,
                             bool reached) {
  {
    const MutexLock lock(mutex_);
    const auto now = clock_.Steady();
    const auto back = now + std::max(backoff_.Next(key, reached), at_least);
    if (at_least.count() > 0) {
      core_.Hold(key, back, now);
    } else {
      core_.AddAt(key, back, now);
    }
    ++changes_;
  }
  changed_.notify_one();
}

void WorkQueue::Forget(const ObjectKey& key) {
  const MutexLock lock(mutex_);
  backoff_.Forget(key);
}

std::optional<QueueCore::Item> WorkQueue::Take(const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  while (!stop.stop_requested()) {
    if (auto item = core_.Take(clock_.Steady())) return item;
    const auto due = core_.NextDue();
    const auto until = due.value_or(clock_.Steady() + std::chrono::hours(1));
    const auto changed = [this, seen = changes_]()
                             SLIPWAY_REQUIRES(mutex_) { return changes_ != seen; };
    changed_.wait_until(mutex_, stop, until, changed);
  }
  return std::nullopt;
}

void WorkQueue::Done(const ObjectKey& key) {
  {
    const MutexLock lock(mutex_);
    core_.Done(key, clock_.Steady());
    ++changes_;
  }
  changed_.notify_one();
}

std::size_t WorkQueue::Waiting() const {
  const MutexLock lock(mutex_);
  return core_.Waiting();
}

std::size_t WorkQueue::Working() const {
  const MutexLock lock(mutex_);
  return core_.Working();
}

}  // namespace slipway
