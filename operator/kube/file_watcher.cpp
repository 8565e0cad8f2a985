#include "operator/kube/file_watcher.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>

namespace slipway {
namespace {

namespace fs = std::filesystem;

/// Of each file the directory it is named in and the one it really is in.
std::set<std::string> Directories(const std::set<std::string>& files) {
  std::set<std::string> directories;
  for (const fs::path file : files) {
    directories.insert(file.parent_path().string());
    std::error_code error;
    const fs::path real = fs::canonical(file, error);
    if (!error) directories.insert(real.parent_path().string());
  }
  return directories;
}

}  // namespace

FileWatcher::FileWatcher(const std::set<std::string>& files)
    : inotify_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)), interrupt_(eventfd(0, EFD_CLOEXEC)) {
  for (const std::string& directory : Directories(files)) {
    inotify_add_watch(inotify_, directory.c_str(),
                      IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
  }
}

FileWatcher::~FileWatcher() {
  if (inotify_ >= 0) close(inotify_);
  if (interrupt_ >= 0) close(interrupt_);
}

void FileWatcher::Wait(std::chrono::milliseconds timeout, std::chrono::milliseconds settle) {
  if (!Poll(timeout)) return;
  // Other files may change in the same directory without end: that must not delay ours for long.
  constexpr int kMostDelays = 10;
  for (int i = 0; i < kMostDelays && Poll(settle); ++i) {
  }
}

void FileWatcher::Interrupt() {
  const std::uint64_t one = 1;
  // It cannot fail: the counter is far from full.
  [[maybe_unused]] const auto written = write(interrupt_, &one, sizeof(one));
}

/// True when something has happened in a directory.
bool FileWatcher::Poll(std::chrono::milliseconds timeout) {
  std::array<pollfd, 2> fds = {{{interrupt_, POLLIN, 0}, {inotify_, POLLIN, 0}}};
  const auto limit = std::clamp<std::chrono::milliseconds::rep>(timeout.count(), 0,
                                                                std::numeric_limits<int>::max());
  if (poll(fds.data(), fds.size(), static_cast<int>(limit)) <= 0) return false;
  if (fds[0].revents != 0 || fds[1].revents == 0) return false;
  std::array<char, 4096> events{};
  while (read(inotify_, events.data(), events.size()) > 0) {
  }
  return true;
}

}  // namespace slipway
