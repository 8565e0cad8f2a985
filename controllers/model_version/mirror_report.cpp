#include "controllers/model_version/mirror_report.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "controllers/common/text.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway::model_version {
namespace {

using nlohmann::json;

// maxLength of the fields of status.mirror.
constexpr std::size_t kMaxUrl = 4096;
constexpr std::size_t kMaxName = 256;
constexpr std::size_t kMaxVersion = 64;
/// With the rest it stays below the 4096 bytes that the kubelet keeps.
constexpr std::size_t kMaxError = 800;

/// The codes that a mirroring can end with.
constexpr std::array kCodes{Code::kUnauthorized, Code::kInvalid,  Code::kThrottled,
                            Code::kUnavailable,  Code::kTimeout,  Code::kTooLarge,
                            Code::kNotFound,     Code::kInternal, Code::kAlreadyExists};

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string WriteMirrorReport(const MirrorReport& report) {
  return Dump({{"mirrored",
                {{"url", report.url},
                 {"registeredModel", report.place.model},
                 {"version", report.place.version},
                 {"experimentId", report.place.experiment_id},
                 {"runId", report.place.run_id}}}});
}

std::string WriteMirrorFailure(const Error& error) {
  return Dump({{"error",
                {{"code", ToString(error.code)}, {"message", OneLine(error.message, kMaxError)}}}});
}

Result<MirrorReport> ReadMirrorReport(std::string_view text) {
  JsonParser parser;
  const auto root = parser.Parse(text);
  if (!root) return tl::unexpected(root.error());
  if (const JsonView error = (*root)["error"]; error.IsObject()) {
    const std::string name = error["code"].Text();
    Code code = Code::kInternal;
    for (const Code known : kCodes) {
      if (ToString(known) == name) code = known;
    }
    return Fail(code, OneLine(error["message"].Text(), kMaxError));
  }
  const JsonView given = (*root)["mirrored"];
  MirrorReport report;
  report.url = OneLine(given["url"].Text(), kMaxUrl);
  report.place.model = OneLine(given["registeredModel"].Text(), kMaxName);
  report.place.version = OneLine(given["version"].Text(), kMaxVersion);
  report.place.experiment_id = OneLine(given["experimentId"].Text(), kMaxName);
  report.place.run_id = OneLine(given["runId"].Text(), kMaxName);
  if (report.place.version.empty() || report.place.run_id.empty()) {
    return Fail(Code::kInternal, "it names no version of a registered model");
  }
  return report;
}

}  // namespace slipway::model_version
