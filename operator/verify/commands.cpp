#include "operator/verify/commands.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <fstream>

#include "controllers/common/model_report.hpp"
#include "operator/base/digest.hpp"
#include "operator/base/tree_digest.hpp"

namespace slipway::verify {
namespace {

using Clock = std::chrono::steady_clock;

/// What CLI11 says of a digest that is none; empty when it is one.
std::string CheckDigest(const std::string& text) {
  return IsSha256Digest(text)
             ? ""
             : fmt::format("\"{}\" must be sha256: and 64 lower-case hex digits", text);
}

ModelReport Compare(const std::string& path, const std::string& expected) {
  const auto start = Clock::now();
  ModelReport report;
  report.path = path;
  report.expected = expected;
  if (const auto found = DigestOfPath(path)) {
    report.reason = found->digest == expected ? ModelReason::kVerified : ModelReason::kModelCorrupt;
    report.found = found->digest;
    report.files = found->files;
    report.bytes = found->bytes;
  } else {
    report.problem = found.error().message;
  }
  report.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  return report;
}

}  // namespace

void Commands::AddTo(CLI::App& app, bool for_people) {
  digest_ = app.add_subcommand("digest", "Print the digest of a model, for artifact.digest");
  digest_->add_option("path", path_, "File or folder")->required();
  if (for_people) return;
  verify_ = app.add_subcommand("verify-model", "Compare a model with its digest");
  verify_->add_option("--path", path_, "File or folder")->required();
  verify_->add_option("--digest", expected_, "What it has to be")
      ->required()
      ->check(CLI::Validator(CheckDigest, "sha256:HEX"));
  verify_->add_option("--report", report_, "Where the report goes, as JSON")->capture_default_str();
}

bool Commands::Parsed() const {
  return (digest_ != nullptr && digest_->parsed()) || (verify_ != nullptr && verify_->parsed());
}

int Commands::Run(std::ostream& out, std::ostream& err) const {
  if (!digest_->parsed()) return Verify(out, err);
  const auto found = DigestOfPath(path_);
  if (found) {
    out << found->digest << std::endl;
  } else {
    err << found.error().message << std::endl;
  }
  return found ? 0 : 1;
}

int Commands::Verify(std::ostream& out, std::ostream& err) const {
  const ModelReport report = Compare(path_, expected_);
  const std::string text = WriteModelReport(report);
  out << text << std::endl;
  if (report.reason != ModelReason::kVerified) err << DescribeModel(report) << std::endl;
  std::ofstream file(report_, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (file.fail()) err << fmt::format("the report cannot be written to {}", report_) << std::endl;
  return ExitCode(report.reason);
}

}  // namespace slipway::verify
