#pragma once

#include <string>
#include <string_view>

#include "operator/base/result.hpp"

namespace slipway {

/// What an audit log is appended to. Not thread-safe.
class AuditFile {
 public:
  /// `path` is "-" for stdout, a file, or a folder, in which the file is called `name`: so that
  /// replicas that share a volume never write to one file.
  static Result<AuditFile> Open(const std::string& path, const std::string& name);

  AuditFile(AuditFile&& other) noexcept;
  AuditFile& operator=(AuditFile&&) = delete;
  ~AuditFile();

  /// Appends, at once and past no buffer of this process. Returns how many bytes were taken; if not
  /// all, `why` says why. A file that was moved or removed meanwhile is made anew.
  std::size_t Append(std::string_view text, std::string& why);

 private:
  AuditFile(std::string path, int file) : path_(std::move(path)), file_(file) {}
  bool Reopen(std::string& why);

  std::string path_;  ///< Empty: stdout.
  int file_;
};

}  // namespace slipway
