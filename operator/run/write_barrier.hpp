#pragma once

#include <chrono>
#include <unordered_map>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/mutex.hpp"
#include "operator/kube/identity.hpp"

namespace slipway {

/// Remembers, per custom resource, up to which version of which kind its own writes reach, so
/// that it is not reconciled on a view that is older than what this process wrote itself. This
/// only saves work: names and preconditions keep a pass on an old view harmless, and after
/// `patience` the view is used as it is. The patience is long on purpose: views lag most when the
/// API server is overloaded, and a pass on an old view repeats its writes, which adds to the load.
/// Thread-safe.
class WriteBarrier {
 public:
  struct Mark {
    ClusterId cluster;
    ResourceType type;
    std::string ns;
    std::uint64_t version;
  };

  explicit WriteBarrier(std::chrono::milliseconds patience = std::chrono::seconds(10))
      : patience_(patience) {}

  /// The object of `owner` was written and is now at `version`.
  void Wrote(const ObjectKey& owner, Mark mark, SteadyInstant now) {
    if (mark.version == 0) return;
    const MutexLock lock(mutex_);
    auto& pending = pending_[owner];
    pending.since = now;
    for (auto& known : pending.marks) {
      if (known.type != mark.type || known.cluster != mark.cluster || known.ns != mark.ns) continue;
      known.version = std::max(known.version, mark.version);
      return;
    }
    pending.marks.push_back(std::move(mark));
  }

  /// True when every write of the owner has been seen, where seen(mark) tells so of one.
  template <class Seen>
  bool Passed(const ObjectKey& owner, SteadyInstant now, Seen seen) {
    const MutexLock lock(mutex_);
    const auto found = pending_.find(owner);
    if (found == pending_.end()) return true;
    std::erase_if(found->second.marks, seen);
    const bool passed = found->second.marks.empty() || now - found->second.since > patience_;
    if (passed) pending_.erase(found);
    return passed;
  }

  /// The owner is gone; nobody will ask again.
  void Forget(const ObjectKey& owner) {
    const MutexLock lock(mutex_);
    pending_.erase(owner);
  }

 private:
  struct Pending {
    std::vector<Mark> marks;
    SteadyInstant since;
  };
  const std::chrono::milliseconds patience_;
  Mutex mutex_;
  std::unordered_map<ObjectKey, Pending, ObjectKeyHash> pending_ SLIPWAY_GUARDED_BY(mutex_);
};

}  // namespace slipway
