#pragma once

#include <mutex>
#include <shared_mutex>

// Clang (here: clang-tidy) proves with these attributes that a guarded member is touched only while
// its mutex is held (https://clang.llvm.org/docs/ThreadSafetyAnalysis.html). std::mutex carries
// none of them. GCC knows none of them.
#if defined(__clang__)
#define SLIPWAY_THREAD_SAFETY(...) __attribute__((__VA_ARGS__))
#else
#define SLIPWAY_THREAD_SAFETY(...)
#endif
/// On a member: only to be touched while `mutex` is held.
#define SLIPWAY_GUARDED_BY(mutex) SLIPWAY_THREAD_SAFETY(guarded_by(mutex))
/// On a function: only to be called while `mutex` is held.
#define SLIPWAY_REQUIRES(mutex) SLIPWAY_THREAD_SAFETY(requires_capability(mutex))

namespace slipway {

/// std::mutex for the analysis. To wait, use std::condition_variable_any with the Mutex itself,
/// inside the life of its MutexLock.
class SLIPWAY_THREAD_SAFETY(capability("mutex")) Mutex {
 public:
  void lock() SLIPWAY_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void unlock() SLIPWAY_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// std::shared_mutex for the analysis: one writer or many readers.
class SLIPWAY_THREAD_SAFETY(capability("mutex")) SharedMutex {
 public:
  void lock() SLIPWAY_THREAD_SAFETY(acquire_capability()) { mutex_.lock(); }
  void unlock() SLIPWAY_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  void lock_shared() SLIPWAY_THREAD_SAFETY(acquire_shared_capability()) { mutex_.lock_shared(); }
  void unlock_shared() SLIPWAY_THREAD_SAFETY(release_shared_capability()) {
    mutex_.unlock_shared();
  }

 private:
  std::shared_mutex mutex_;
};

/// Holds a Mutex, or a SharedMutex as its writer, while it lives.
template <class AnyMutex>
class SLIPWAY_THREAD_SAFETY(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(AnyMutex& mutex) SLIPWAY_THREAD_SAFETY(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() SLIPWAY_THREAD_SAFETY(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  AnyMutex& mutex_;
};

/// Holds a SharedMutex as one of its readers while it lives.
class SLIPWAY_THREAD_SAFETY(scoped_lockable) SharedLock {
 public:
  explicit SharedLock(SharedMutex& mutex) SLIPWAY_THREAD_SAFETY(acquire_shared_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock_shared();
  }
  ~SharedLock() SLIPWAY_THREAD_SAFETY(release_capability()) { mutex_.unlock_shared(); }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;

 private:
  SharedMutex& mutex_;
};

}  // namespace slipway
