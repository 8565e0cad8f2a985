#include "operator/worker/git_refs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace slipway::worker {
namespace {

constexpr std::size_t kLengthDigits = 4;

/// Takes pkt-lines from the front of a text.
class PacketReader {
 public:
  explicit PacketReader(std::string_view text) : rest_(text) {}

  bool AtEnd() const { return rest_.empty(); }

  /// The content of the next line without its newline; an empty one is a flush. nullopt when there
  /// is no whole line.
  std::optional<std::string_view> Next() {
    if (rest_.size() < kLengthDigits) return std::nullopt;
    std::size_t length = 0;
    const char* end = rest_.data() + kLengthDigits;
    const auto [stopped, error] = std::from_chars(rest_.data(), end, length, 16);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    if (length == 0) {
      rest_.remove_prefix(kLengthDigits);
      return std::string_view{};
    }
    // 1 to 3 are delimiters of other versions of the protocol.
    if (length < kLengthDigits || length > rest_.size()) return std::nullopt;
    std::string_view line = rest_.substr(kLengthDigits, length - kLengthDigits);
    rest_.remove_prefix(length);
    if (line.ends_with('\n')) line.remove_suffix(1);
    return line;
  }

 private:
  std::string_view rest_;
};

bool IsHash(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

tl::unexpected<Error> NoGit() {
  return Fail(Code::kInternal,
              "the answer is none of a Git server that speaks the smart HTTP protocol; check that "
              "the address is the one by which git clones the repository");
}

}  // namespace

Result<std::string> FindBranch(std::string_view advertisement, std::string_view branch) {
  PacketReader reader(advertisement);
  if (reader.Next() != "# service=git-upload-pack") return NoGit();
  const std::string wanted = fmt::format("refs/heads/{}", branch);
  bool flushed = false;
  while (!reader.AtEnd()) {
    const auto line = reader.Next();
    if (!line) return NoGit();
    if (line->empty()) {
      if (flushed) break;
      flushed = true;  // Between the service and the refs.
      continue;
    }
    const std::size_t space = line->find(' ');
    if (space == std::string_view::npos) continue;
    const std::string_view hash = line->substr(0, space);
    // The first ref is followed by what the server can do.
    const std::string_view name = line->substr(space + 1, line->find('\0') - space - 1);
    if (name == wanted && IsHash(hash)) return std::string(hash);
  }
  return Fail(
      Code::kNotFound,
      fmt::format("the repository has no branch {}; check spec.onCommit.git.branch", branch));
}

}  // namespace slipway::worker
