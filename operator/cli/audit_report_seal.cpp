#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <ostream>

#include "operator/base/digest.hpp"
#include "operator/base/public_key.hpp"
#include "operator/cli/audit_report.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/plan.hpp"
#include "operator/cli/text.hpp"

/// Who has signed a report, and whether it is still what was signed.
namespace slipway::cli {
namespace {

using nlohmann::json;

constexpr const char* kReport = "IsolationReport";
constexpr const char* kSigned = "SignedIsolationReport";
constexpr const char* kUnsigned =
    "not signed: whoever had it may have changed it; --key names a private key to sign it with";

std::string Json(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<std::string> ReadFile(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    return Fail(Code::kNotFound, fmt::format("{}: cannot be read", name));
  }
  return text;
}

/// What keeps a text from being a report that was signed at all, or an empty text.
std::string WhyNoSigned(const json& envelope) {
  const std::string kind = Text(envelope, {"kind"});
  if (kind == kReport) return "it is not signed, so nothing can be said of it";
  if (kind != kSigned) return "it is no report of `kubectl slipway audit report`";
  for (const char* name : {"report", "signature", "publicKey"}) {
    if (Text(envelope, {name}).empty()) return fmt::format("its member {} is missing", name);
  }
  for (const auto& [name, value] : envelope.items()) {
    const bool known =
        name == "kind" || name == "report" || name == "signature" || name == "publicKey";
    if (!known) return fmt::format("its member {} was added: no signature is over it", Line(name));
  }
  return "";
}

tl::unexpected<Error> Wrong(std::string message) {
  return Fail(Code::kInvalid, std::move(message));
}

int Complain(std::ostream& problems, const std::string& message, int code) {
  problems << "error: " << Line(message) << "\n";
  return code;
}

Result<SigningKey> ReadKey(const std::string& name) {
  const auto pem = ReadFile(name);
  if (!pem) return tl::unexpected(pem.error());
  auto key = SigningKey::Parse(*pem);
  if (!key) return Fail(key.error().code, name + ": " + key.error().message);
  return key;
}

}  // namespace

Result<json> SignReport(const json& report, const SigningKey& key) {
  const std::string bytes = Json(report);
  const auto signature = key.Sign(bytes);
  if (!signature) return tl::unexpected(signature.error());
  return json{{"kind", kSigned},
              {"report", ToBase64(bytes)},
              {"signature", ToBase64(*signature)},
              {"publicKey", FingerprintOf(key.PublicPem())}};
}

Result<json> OpenReport(const std::string& text, const std::string& public_pem) {
  const auto key = PublicKey::Parse(public_pem);
  if (!key) return Wrong("the key " + key.error().message);
  const json envelope = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (std::string why = WhyNoSigned(envelope); !why.empty()) return Wrong(std::move(why));
  const std::string known = FingerprintOf(public_pem);
  if (Text(envelope, {"publicKey"}) != known) {
    return Wrong(fmt::format(
        "it says to be signed with the key {}, and the key given is {}; give that of who signed it",
        Text(envelope, {"publicKey"}), known));
  }
  const std::string bytes = FromBase64(Text(envelope, {"report"}));
  if (!key->Verifies(bytes, FromBase64(Text(envelope, {"signature"})))) {
    return Wrong(
        "the signature is not over this report: one of them was changed since it was signed, or "
        "another key signed it");
  }
  json report = json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (Text(report, {"kind"}) != kReport) {
    return Wrong("what was signed is no report of `kubectl slipway audit report`");
  }
  return report;
}

std::string WhyNoReport(const AuditReportOptions& options) {
  if (options.verify.empty()) {
    if (options.key.empty() || options.output != "text") return "";
    return "-o text cannot be signed; leave it out, and read what was signed with --verify";
  }
  if (options.key.empty()) {
    return "--verify needs --key=FILE with the public key of who signed it: a key that comes with "
           "a report proves nothing";
  }
  return options.policy.empty() ? "" : "--verify is about a file; leave out --policy";
}

int MakeReport(Client& client, const std::string& operator_ns, const AuditReportOptions& options,
               const Clock& clock, std::ostream& out, std::ostream& problems) {
  std::optional<SigningKey> key;
  if (!options.key.empty()) {
    const auto read = ReadKey(options.key);
    if (!read) return Complain(problems, read.error().message, kExitUsage);
    key = *read;
  }
  const auto facts = ReadAuditFacts(client, operator_ns, options.policy, clock);
  if (!facts) return Complain(problems, facts.error().message, kExitError);
  const json report = AuditReport(*facts, options.policy, SLIPWAY_VERSION);
  if (key) {
    const auto envelope = SignReport(report, *key);
    if (!envelope) return Complain(problems, envelope.error().message, kExitError);
    out << Json(*envelope);
  } else {
    out << (options.output == "json" ? Json(report) : AuditText(report, kUnsigned));
  }
  if (!key && options.output == "json") problems << "warning: " << kUnsigned << "\n";
  for (const auto& [what, why] : facts->unread) {
    problems << "error: not looked at: " << Line(fmt::format("{} ({})", what, why)) << "\n";
  }
  return facts->unread.empty() ? kExitFine : kExitError;
}

int VerifyReport(const AuditReportOptions& options, std::ostream& out, std::ostream& problems) {
  const auto pem = ReadFile(options.key);
  if (!pem) return Complain(problems, pem.error().message, kExitUsage);
  const auto text = ReadFile(options.verify);
  if (!text) return Complain(problems, text.error().message, kExitUsage);
  const auto report = OpenReport(*text, *pem);
  if (!report) {
    return Complain(problems, options.verify + ": " + report.error().message, kExitError);
  }
  out << (options.output == "json"
              ? Json(*report)
              : AuditText(*report, fmt::format("signed with the key {}, and not changed since",
                                               FingerprintOf(*pem))));
  return kExitFine;
}

}  // namespace slipway::cli
