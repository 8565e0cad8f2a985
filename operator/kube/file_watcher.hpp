#pragma once

#include <chrono>
#include <set>
#include <string>

namespace slipway {

/// Tells when something happens in the directories that hold some files. Directories are watched
/// and not files, because a file is replaced by renaming another over it, and a mounted Secret by
/// swapping the symbolic link `..data` beside it. Not thread-safe but for Interrupt.
class FileWatcher {
 public:
  explicit FileWatcher(const std::set<std::string>& files);
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  /// Blocks until something has happened in a directory and then nothing for `settle` (at most ten
  /// times that), or until `timeout`, or an Interrupt.
  void Wait(std::chrono::milliseconds timeout, std::chrono::milliseconds settle);
  /// Ends the present and every later Wait at once. From any thread.
  void Interrupt();

 private:
  bool Poll(std::chrono::milliseconds timeout);

  int inotify_;
  int interrupt_;
};

}  // namespace slipway
