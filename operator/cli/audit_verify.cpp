#include "operator/cli/audit_verify.hpp"

#include <fmt/format.h>

#include <fstream>
#include <istream>
#include <ostream>

#include "operator/cli/audit_verify_book.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/plan.hpp"
#include "operator/cli/reader.hpp"
#include "operator/cli/text.hpp"

namespace slipway::cli {
namespace {

constexpr ResourceType kLeases{"coordination.k8s.io", "v1", "Lease", "leases"};
/// What is wrong with a log that was cut up has no end; the first lines tell.
constexpr std::size_t kShown = 20;

void Take(AuditBook& book, const std::string& name, std::istream& input) {
  std::size_t number = 0;
  for (std::string line; std::getline(input, line);) book.Add(name, ++number, line);
}

std::string Summary(const AuditReport& report) {
  std::string text =
      fmt::format("{} in {}, from {} to {}\n", Count(report.records, "record"),
                  Count(report.chains, "chain"), Line(report.from), Line(report.until));
  for (const std::string& note : report.notes) text += "Note: " + note + "\n";
  return text;
}

int Show(const AuditReport& report, bool with_head, std::ostream& out) {
  if (report.findings.empty()) {
    out << "ok: nothing is missing, edited, moved or doubled\n" << Summary(report);
    if (!with_head) {
      out << "Note: no head was looked at: whether records at the end are missing cannot be told\n";
    }
    return kExitFine;
  }
  const std::size_t count = report.findings.size();
  out << fmt::format("FAIL: {} wrong\n",
                     count == 1 ? "1 thing is" : fmt::format("{} things are", count));
  for (std::size_t i = 0; i < count && i < kShown; ++i) out << "  " << report.findings[i] << "\n";
  if (count > kShown) out << fmt::format("  and {} more\n", count - kShown);
  out << Summary(report);
  return kExitError;
}

}  // namespace

Result<audit::Head> ReadAuditHead(Client& client, const ObjectKey& lease) {
  const auto object = ParseAnswer(client.Send(request::Get(kLeases, lease)));
  if (!object) {
    return Fail(object.error().code,
                fmt::format("Lease {}: {}; --operator-namespace and --lease-name name another one, "
                            "--head=CHAIN:SEQ:HASH says how far the log had come, --offline leaves "
                            "that out",
                            lease.ToString(), object.error().message));
  }
  const std::string text = Text(*object, {"metadata", "annotations", audit::kHeadAnnotation});
  auto head = audit::ParseHead(text);
  if (head) return *head;
  return Fail(Code::kInvalid,
              fmt::format("Lease {}: its annotation {} is \"{:.200}\" and not CHAIN:SEQ:HASH: the "
                          "operator writes no audit log (audit.log is not set), or somebody has "
                          "changed it; --head says how far the log had come, --offline leaves that "
                          "out",
                          lease.ToString(), audit::kHeadAnnotation, Line(text)));
}

int RunAuditVerify(const AuditVerifyOptions& options, const std::optional<audit::Head>& head,
                   std::istream& input, std::ostream& out, std::ostream& problems) {
  AuditBook book;
  std::vector<std::string> files = options.files;
  if (files.empty()) files.emplace_back("-");
  for (const std::string& path : files) {
    if (path == "-") {
      Take(book, "stdin", input);
      continue;
    }
    std::ifstream file(path, std::ios::binary);
    file.peek();  // A folder can be opened, but not read.
    if (!file.is_open() || file.bad()) {
      problems << "error: " << path << ": cannot be read; check name and rights\n";
      return kExitError;
    }
    Take(book, path, file);
  }
  const AuditReport report = book.Check(head, options.head.empty() ? "the Lease" : "--head");
  if (report.records == 0 && report.findings.empty()) {
    problems << "error: there is no audit record in what was given; the operator writes them where "
                "its setting audit.log says\n";
    return kExitError;
  }
  return Show(report, head.has_value(), out);
}

}  // namespace slipway::cli
