// A log that somebody gives to `audit verify`. Whatever it is, what is said of it is text; and
// since no fuzzer finds a hash, it is looked at a second time with the right ones.
#include <sstream>

#include "operator/cli/audit_verify.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

void Verify(const std::string& log, const std::optional<audit::Head>& head) {
  std::istringstream input(log);
  std::ostringstream out;
  std::ostringstream problems;
  const int code = cli::RunAuditVerify({}, head, input, out, problems);
  const std::string said = out.str() + problems.str();
  Require(code == 0 || code == 1, "it is whole or not");
  Require(!said.empty() && IsUtf8(said), "an answer is text", said);
  for (const char c : said) {
    Require(c == '\n' || static_cast<unsigned char>(c) >= 0x20, "it is visible", said);
  }
}

}  // namespace

void Fuzz(std::string_view input) {
  Verify(std::string(input), std::nullopt);
  std::istringstream lines{std::string(input)};
  std::string sealed;
  std::optional<audit::Head> head;
  for (std::string line; std::getline(lines, line);) {
    if (const auto named = audit::ParseHead(line)) head = named;
    auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object()) continue;
    record[std::string(audit::kMark)] = audit::kVersion;
    record["hash"] = audit::HashOf(record);
    sealed += audit::ToText(record) + "\n";
  }
  Verify(sealed, head);
}

}  // namespace slipway::fuzz
