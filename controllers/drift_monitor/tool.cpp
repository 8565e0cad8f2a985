#include "controllers/drift_monitor/tool.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "controllers/drift_monitor/evaluate.hpp"
#include "controllers/drift_monitor/readers.hpp"
#include "controllers/drift_monitor/report.hpp"

namespace slipway::drift_monitor {
namespace {

/// The reference is looked at whole, within the bound that the API sets for production's maxRows.
constexpr std::size_t kMaxReferenceRows = 10'000'000;

Result<Dataset> Load(std::string_view field, const std::string& path, Format format,
                     std::size_t max_rows) {
  const auto explain = [&](std::string_view why) {
    return fmt::format("{} file {}: {}", field, path, why);
  };
  std::error_code ignored;  // Then the open below fails as well and says why.
  if (std::filesystem::is_directory(path, ignored)) {
    return Fail(Code::kInvalid, explain("is a folder; name the file in it"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Fail(Code::kNotFound,
                explain(fmt::format("cannot be opened ({}); check the name, and that everybody may "
                                    "read it, since the evaluation runs as a user of its own",
                                    std::strerror(errno))));
  }
  auto data = format == Format::kCsv ? ReadCsv(file, max_rows) : ReadJsonLines(file, max_rows);
  if (!data) return Fail(data.error().code, explain(data.error().message));
  return data;
}

Result<Report> Compare(const EvaluateDriftOptions& options) {
  const auto spec = ParseEvaluationSpec(options.spec);
  if (!spec) return tl::unexpected(spec.error());
  const auto reference =
      Load("reference", options.reference, spec->reference_format, kMaxReferenceRows);
  if (!reference) return tl::unexpected(reference.error());
  const auto sample = Load("production", options.sample, spec->sample_format, spec->max_rows);
  if (!sample) return tl::unexpected(sample.error());
  return Evaluate(*reference, *sample, *spec);
}

bool WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  return !file.fail();
}

}  // namespace

int RunEvaluateDrift(const EvaluateDriftOptions& options, std::ostream& out) {
  const auto report = Compare(options);
  out << (report ? DescribeReport(*report) : "failed: " + report.error().message + "\n");
  const bool written = WriteFile(
      options.output, report ? WriteReport(*report) : WriteFailure(report.error().message));
  if (!written) {
    out << fmt::format("failed: the report cannot be written to {} ({})\n", options.output,
                       std::strerror(errno));
  }
  return report && written ? 0 : kEvaluationFailed;
}

}  // namespace slipway::drift_monitor
