#include "controllers/common/model_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "controllers/common/text.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr std::int64_t kVersion = 1;
constexpr std::size_t kMaxPath = 600;
constexpr std::size_t kMaxDigest = 71;
constexpr std::size_t kMaxProblem = 700;

constexpr std::array kReasons{ModelReason::kVerified, ModelReason::kModelCorrupt,
                              ModelReason::kModelUnreadable};

milliseconds NotNegative(std::int64_t count) {
  return milliseconds(std::max<std::int64_t>(count, 0));
}

}  // namespace

std::string_view ToString(ModelReason reason) {
  switch (reason) {
    case ModelReason::kVerified: return "Verified";
    case ModelReason::kModelCorrupt: return "ModelCorrupt";
    case ModelReason::kModelUnreadable: return "ModelUnreadable";
  }
  return "ModelUnreadable";
}

int ExitCode(ModelReason reason) {
  switch (reason) {
    case ModelReason::kVerified: return 0;
    case ModelReason::kModelCorrupt: return 3;
    case ModelReason::kModelUnreadable: return 4;
  }
  return 4;
}

std::string WriteModelReport(const ModelReport& report) {
  json out{{"version", kVersion},
           {"reason", ToString(report.reason)},
           {"path", OneLine(report.path, kMaxPath)},
           {"expected", OneLine(report.expected, kMaxDigest)},
           {"files", report.files},
           {"bytes", report.bytes},
           {"milliseconds", report.took.count()}};
  if (!report.found.empty()) out["found"] = OneLine(report.found, kMaxDigest);
  if (!report.problem.empty()) out["problem"] = OneLine(report.problem, kMaxProblem);
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<ModelReport> ReadModelReport(std::string_view text) {
  if (text.size() > kMaxModelReport) {
    return Fail(Code::kInternal, "it is longer than a report about a model can be");
  }
  JsonParser parser;
  const auto root = parser.Parse(text);
  if (!root) return tl::unexpected(root.error());
  const std::string word = (*root)["reason"].Text();
  const auto reason =
      std::ranges::find_if(kReasons, [&](ModelReason one) { return ToString(one) == word; });
  if ((*root)["version"].IntOr(0) != kVersion || reason == kReasons.end()) {
    return Fail(Code::kInternal, "it is no report about a model, or of another version");
  }
  const auto number = [&](const char* name) {
    return std::max<std::int64_t>((*root)[name].IntOr(0), 0);
  };
  return ModelReport{*reason,
                     OneLine((*root)["path"].Text(), kMaxPath),
                     OneLine((*root)["expected"].Text(), kMaxDigest),
                     OneLine((*root)["found"].Text(), kMaxDigest),
                     OneLine((*root)["problem"].Text(), kMaxProblem),
                     number("files"),
                     number("bytes"),
                     NotNegative((*root)["milliseconds"].IntOr(0))};
}

std::string DescribeModel(const ModelReport& report) {
  switch (report.reason) {
    case ModelReason::kVerified:
      return OneLine(fmt::format("{} has digest {}", report.path, report.found));
    case ModelReason::kModelCorrupt:
      return OneLine(fmt::format(
          "the server was not started: {} ({} files, {} bytes) has digest {}, and its ModelVersion "
          "{}; put back what was registered, or name the ModelVersion of what is there",
          report.path, report.files, report.bytes, report.found, report.expected));
    case ModelReason::kModelUnreadable: break;
  }
  return OneLine(fmt::format(
      "the server was not started, since its model could not be compared with digest {}: {} "
      "(model.subPath says what is read; podTemplate.securityContext, runAsUser or fsGroup, by "
      "whom)",
      report.expected, report.problem));
}

}  // namespace slipway
