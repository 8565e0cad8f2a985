#include "operator/run/audit_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace slipway {
namespace {

constexpr int kNone = -1;

int OpenToAppend(const std::string& path) {
  return open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
}

std::string Explain(int error) { return std::generic_category().message(error); }

}  // namespace

Result<AuditFile> AuditFile::Open(const std::string& path, const std::string& name) {
  if (path == "-") return AuditFile("", STDOUT_FILENO);
  std::error_code none;
  const bool folder = std::filesystem::is_directory(path, none);
  const std::string file = folder ? (std::filesystem::path(path) / name).string() : path;
  const int opened = OpenToAppend(file);
  if (opened == kNone) {
    return Fail(Code::kInvalid, "audit.log: " + file + " cannot be written: " + Explain(errno) +
                                    "; mount a volume there that this user may write to, or set - "
                                    "for stdout");
  }
  return AuditFile(file, opened);
}

AuditFile::AuditFile(AuditFile&& other) noexcept
    : path_(std::move(other.path_)), file_(std::exchange(other.file_, kNone)) {}

AuditFile::~AuditFile() {
  if (file_ != kNone && file_ != STDOUT_FILENO) close(file_);
}

bool AuditFile::Reopen(std::string& why) {
  struct stat named {};
  struct stat ours {};
  const bool there = stat(path_.c_str(), &named) == 0;
  if (there && fstat(file_, &ours) == 0 && named.st_ino == ours.st_ino &&
      named.st_dev == ours.st_dev) {
    return true;
  }
  const int opened = OpenToAppend(path_);
  if (opened == kNone) {
    why = path_ + ": " + Explain(errno);
    return false;
  }
  close(std::exchange(file_, opened));
  return true;
}

std::size_t AuditFile::Append(std::string_view text, std::string& why) {
  if (!path_.empty() && !Reopen(why)) return 0;
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t taken = write(file_, text.data() + done, text.size() - done);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) {
      why = (path_.empty() ? "stdout" : path_) + ": " + Explain(errno);
      break;
    }
    done += static_cast<std::size_t>(taken);
  }
  return done;
}

}  // namespace slipway
