#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "operator/base/mutex.hpp"
#include "operator/kube/resource.hpp"

namespace slipway {

/// Tells changes of a spec from those of a status, by metadata.generation, which the API server
/// raises for the former alone. Thread-safe.
class SpecChanges {
 public:
  /// Whether the object came, went (`there` is false), or has another spec than when it was shown
  /// last.
  bool Changed(const Object& object, bool there) {
    const MutexLock lock(mutex_);
    if (!there) {
      generations_.erase(object.meta.uid);
      return true;
    }
    const auto [known, is_new] = generations_.try_emplace(object.meta.uid, object.meta.generation);
    return is_new || std::exchange(known->second, object.meta.generation) != object.meta.generation;
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::int64_t> generations_ SLIPWAY_GUARDED_BY(mutex_);  ///< By UID.
};

}  // namespace slipway
