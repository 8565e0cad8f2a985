#pragma once

#include <fmt/format.h>
#include <simdjson.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// What the targets share. Each defines `Fuzz`; what it must never do is crash, throw, or break a
/// rule that it states by Require.
namespace slipway::fuzz {

void Fuzz(std::string_view input);

/// Ends the process when the rule does not hold, which libFuzzer takes for a crash.
inline void Require(bool holds, std::string_view rule, std::string_view detail = "") {
  if (holds) return;
  fmt::print(stderr, "broken rule: {} {}\n", rule, detail);
  std::abort();
}

/// By simdjson, and so independently of what is tested.
inline bool IsUtf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

/// The parts of an input, between lines of "%%": at least one, at most `max`.
inline std::vector<std::string_view> Parts(std::string_view input, std::size_t max) {
  constexpr std::string_view kBetween = "\n%%\n";
  std::vector<std::string_view> parts;
  while (parts.size() + 1 < max) {
    const std::size_t end = input.find(kBetween);
    if (end == std::string_view::npos) break;
    parts.push_back(input.substr(0, end));
    input.remove_prefix(end + kBetween.size());
  }
  parts.push_back(input);
  return parts;
}

/// A file in memory, for what reads a path.
class File {
 public:
  explicit File(std::string_view content) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    Require(write(fd_, content.data(), content.size()) == static_cast<ssize_t>(content.size()),
            "the machine has memory for a file");
  }
  ~File() { close(fd_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::string Path() const { return fmt::format("/proc/self/fd/{}", fd_); }

 private:
  int fd_;
};

}  // namespace slipway::fuzz

// Defined here, since every target includes this file exactly once.
// NOLINTNEXTLINE(misc-definitions-in-headers)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  slipway::fuzz::Fuzz({reinterpret_cast<const char*>(data), size});
  return 0;
}
