#include "operator/base/tree_digest.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "operator/base/digest.hpp"

namespace slipway {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxFiles = 100'000;
constexpr std::size_t kMaxNames = std::size_t{16} << 20;  // Bytes of all names together.
constexpr int kMaxDepth = 32;
constexpr std::size_t kPiece = std::size_t{1} << 20;

tl::unexpected<Error> Unreadable(const std::string& path, const std::error_code& error) {
  const bool barred = error == std::errc::permission_denied;
  return Fail(barred ? Code::kForbidden : Code::kUnavailable,
              fmt::format("{} cannot be read by user {}: {}", path, geteuid(), error.message()));
}

std::error_code LastError() { return {errno, std::generic_category()}; }

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  int Get() const { return descriptor_; }

 private:
  int descriptor_;
};

class FileReader {
 public:
  /// The digits of one file. Between a look at a folder and this one its file may have become
  /// something else, so that nothing is followed and nothing waited for.
  Result<std::string> Digits(const std::string& path, bool follow) {
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW);
    const Descriptor file(open(path.c_str(), flags));
    struct stat state {};
    if (file.Get() < 0 || fstat(file.Get(), &state) != 0) return Unreadable(path, LastError());
    if (!S_ISREG(state.st_mode)) return Fail(Code::kInvalid, path + " is no regular file");
    Sha256Stream stream;
    for (;;) {
      const ssize_t size = read(file.Get(), piece_.data(), piece_.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return Unreadable(path, LastError());
      if (size == 0) return stream.Hex();
      bytes_ += size;
      stream.Update({piece_.data(), static_cast<std::size_t>(size)});
    }
  }

  std::int64_t Bytes() const { return bytes_; }

 private:
  std::vector<char> piece_ = std::vector<char>(kPiece);
  std::int64_t bytes_ = 0;
};

/// Why a folder with such an entry has no digest; empty when it does not matter.
std::string WhyRefused(const fs::recursive_directory_iterator& entry, fs::file_type type) {
  const std::string path = entry->path().string();
  const bool odd = std::ranges::any_of(
      path, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f' || c == '\\'; });
  if (odd) {
    return path + " has a control character or a backslash in its name; give it another one";
  }
  if (type == fs::file_type::symlink) {
    return path +
           " is a symbolic link, which may lead anywhere; put a copy of what it leads to in its "
           "place, as cp -rL does";
  }
  if (type == fs::file_type::directory && entry.depth() + 1 >= kMaxDepth) {
    return fmt::format("{} is more than {} folders deep", path, kMaxDepth);
  }
  if (type == fs::file_type::regular || type == fs::file_type::directory) return "";
  return path + " is neither a file nor a folder; remove it";
}

/// The files below, by their paths from it.
Result<std::vector<std::string>> FilesIn(const std::string& folder) {
  const std::size_t prefix = (fs::path(folder) / "").string().size();
  std::vector<std::string> files;
  std::size_t names = 0;
  std::error_code error;
  std::string last = folder;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::none, error);
  while (!error && entry != fs::recursive_directory_iterator()) {
    last = entry->path().string();
    const fs::file_type type = entry->symlink_status(error).type();
    if (error) break;
    if (auto why = WhyRefused(entry, type); !why.empty()) {
      return Fail(Code::kInvalid, std::move(why));
    }
    if (type == fs::file_type::regular) {
      files.push_back(last.substr(prefix));
      names += last.size();
    }
    if (files.size() > kMaxFiles || names > kMaxNames) {
      return Fail(Code::kInvalid,
                  fmt::format("{} holds too many files (there may be {}, with names of {} MiB "
                              "together); name the folder of one model",
                              folder, kMaxFiles, kMaxNames >> 20));
    }
    entry.increment(error);
  }
  if (error) return Unreadable(last, error);
  if (files.empty()) {
    return Fail(Code::kInvalid, folder + " holds no file; see that its path is right");
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<TreeDigest> DigestOfPath(const std::string& path) {
  FileReader reader;
  std::error_code error;
  const fs::file_status what = fs::status(path, error);
  if (error) return Unreadable(path, error);
  if (!fs::is_directory(what)) {
    auto digits = reader.Digits(path, /*follow=*/true);
    if (!digits) return tl::unexpected(digits.error());
    return TreeDigest{"sha256:" + *digits, 1, reader.Bytes()};
  }
  auto files = FilesIn(path);
  if (!files) return tl::unexpected(files.error());
  Sha256Stream lines;
  for (const auto& file : *files) {
    auto digits = reader.Digits((fs::path(path) / file).string(), /*follow=*/false);
    if (!digits) return tl::unexpected(digits.error());
    lines.Update(*digits + "  " + file + "\n");
  }
  return TreeDigest{"sha256:" + lines.Hex(), static_cast<std::int64_t>(files->size()),
                    reader.Bytes()};
}

}  // namespace slipway
