#include "operator/mirror/tool.hpp"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <system_error>
#include <thread>

#include "controllers/model_version/mirror_report.hpp"
#include "crds/generated/codec.hpp"
#include "operator/kube/public_authorities.hpp"
#include "operator/kube/transport.hpp"

namespace slipway::mirror {
namespace {

using model_version::MirrorInto;
using model_version::MirrorReport;
using model_version::MlflowCall;
using nlohmann::json;
using std::chrono::seconds;

constexpr seconds kDeadline{20};
/// Waits between tries: long enough for a server that restarts, short enough for a pod.
constexpr std::array kWaits{seconds(1), seconds(2), seconds(4), seconds(8), seconds(16)};

std::string Variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing sets any.
  return value == nullptr ? std::string() : std::string(value);
}

std::string WithoutSlash(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  return uri;
}

/// A URI with a user in it would end up in logs and statuses.
Result<std::string> TrackingUri(const MirrorModelOptions& options) {
  std::string uri = Variable("MLFLOW_TRACKING_URI");
  if (uri.empty()) uri = options.tracking_uri;
  uri = WithoutSlash(std::move(uri));
  if (!uri.starts_with("http://") && !uri.starts_with("https://")) {
    return Fail(Code::kInvalid,
                fmt::format("the tracking URI is \"{}\", but must be that of a server, such as "
                            "http://mlflow.mlflow.svc:5000",
                            uri));
  }
  if (uri.find('@') != std::string::npos) {
    return Fail(Code::kInvalid,
                "the tracking URI has a user in it; put it into MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD of the Secret");
  }
  return uri;
}

Credentials ReadCredentials() {
  Credentials credentials;
  credentials.token = Variable("MLFLOW_TRACKING_TOKEN");
  const std::string user = Variable("MLFLOW_TRACKING_USERNAME");
  if (!user.empty()) credentials.basic = user + ":" + Variable("MLFLOW_TRACKING_PASSWORD");
  credentials.ca_pem = Variable("MLFLOW_TRACKING_CA");
  if (credentials.ca_pem.empty()) credentials.ca_pem = PublicAuthorities();
  return credentials;
}

Result<std::unique_ptr<Transport>> Open(const std::string& uri) {
  Credentials credentials = ReadCredentials();
  if (uri.starts_with("https://") && credentials.ca_pem.empty()) {
    return Fail(Code::kInvalid,
                "there is no certificate authority to know MLflow by; put it into ca.crt of the "
                "Secret");
  }
  TransportOptions options;
  options.server = uri;
  options.max_connections = 1;
  options.may_be_plain = true;
  return MakeCpprestTransport(options, MakeStaticCredentials(std::move(credentials)));
}

HttpRequest MakeRequest(const MlflowCall& call) {
  HttpRequest request;
  request.target = "/api/2.0/mlflow/" + call.path;
  for (char separator = '?'; const auto& [name, value] : call.query) {
    request.target += fmt::format("{}{}={}", separator, name, request::PercentEncode(value));
    separator = '&';
  }
  if (call.body.is_null()) return request;
  request.method = HttpRequest::Method::kPost;
  request.may_repeat = false;
  request.content_type = "application/json";
  request.body = call.body.dump(-1, ' ', false, json::error_handler_t::replace);
  return request;
}

bool MayPass(Code code) {
  return code == Code::kUnavailable || code == Code::kTimeout || code == Code::kThrottled;
}

Result<api::ModelVersion> ReadRecord(const MirrorModelOptions& options) {
  std::string text;
  for (const auto& piece : options.record) text += piece;
  JsonParser parser;
  const auto root = parser.Parse(text);
  if (!root) return Fail(Code::kInvalid, "--record is " + root.error().message);
  return api::DecodeModelVersion(*root);
}

/// As often as it takes within reason. What has been done stays done, so each try goes further.
Result<MirrorReport> Mirror(const MirrorModelOptions& options, std::ostream& out) {
  const auto version = ReadRecord(options);
  if (!version) return tl::unexpected(version.error());
  const auto uri = TrackingUri(options);
  if (!uri) return tl::unexpected(uri.error());
  auto transport = Open(*uri);
  if (!transport) return tl::unexpected(transport.error());
  const auto record = model_version::MakeMlflowRecord(*version);
  const auto server = [&](const MlflowCall& call) -> Result<json> {
    const auto answer = (*transport)->Send(MakeRequest(call), kDeadline);
    out << fmt::format("{} {}: {}\n", call.body.is_null() ? "GET" : "POST", call.path,
                       answer ? std::to_string(answer->status) : answer.error().message)
        << std::flush;
    if (!answer) return tl::unexpected(answer.error());
    return model_version::ReadMlflowAnswer(answer->status, answer->body);
  };
  auto place = MirrorInto(server, record);
  for (const auto wait : kWaits) {
    if (place || !MayPass(place.error().code)) break;
    std::this_thread::sleep_for(wait);
    place = MirrorInto(server, record);
  }
  if (!place) return tl::unexpected(place.error());
  const std::string url = fmt::format("{}/#/models/{}/versions/{}", *uri,
                                      request::PercentEncode(place->model), place->version);
  return MirrorReport{std::move(*place), url};
}

}  // namespace

int RunMirrorModel(const MirrorModelOptions& options, std::ostream& out) {
  const auto report = Mirror(options, out);
  out << (report ? "mirrored: " + report->url : "failed: " + report.error().message) << "\n";
  std::ofstream file(options.output, std::ios::binary | std::ios::trunc);
  file << (report ? model_version::WriteMirrorReport(*report)
                  : model_version::WriteMirrorFailure(report.error()));
  file.close();
  if (file.fail()) {
    out << fmt::format("failed: the report cannot be written to {} ({})\n", options.output,
                       std::generic_category().message(errno));
  }
  return report && !file.fail() ? 0 : kMirrorFailed;
}

}  // namespace slipway::mirror
