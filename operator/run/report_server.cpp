#include "operator/run/report_server.hpp"

#include <CivetServer.h>

#include <array>
#include <optional>
#include <string_view>

namespace slipway {
namespace {

constexpr std::string_view kReports = "/v1/report/";
constexpr std::string_view kTriggers = "/v1/trigger/";
constexpr std::string_view kBearer = "Bearer ";

void Reply(mg_connection* connection, const ReportAnswer& answer) {
  const std::string hint =
      answer.retry_after.count() == 0
          ? ""
          : "Retry-After: " + std::to_string(answer.retry_after.count()) + "\r\n";
  const std::string body = answer.text.empty() ? "" : answer.text + "\n";
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
            "Connection: close\r\nX-Content-Type-Options: nosniff\r\n%s\r\n",
            answer.status, mg_get_response_code_text(connection, answer.status), body.size(),
            hint.c_str());
  mg_write(connection, body.data(), body.size());
}

static_assert(TriggerDesk::kMaxRequest == ReportDesk::kMaxReport);

/// The body, as far as one byte beyond what a report or a request may have.
std::string ReadBody(mg_connection* connection) {
  std::array<char, ReportDesk::kMaxReport + 1> buffer{};
  std::size_t size = 0;
  while (size < buffer.size()) {
    const int count = mg_read(connection, buffer.data() + size, buffer.size() - size);
    if (count <= 0) break;
    size += static_cast<std::size_t>(count);
  }
  return {buffer.data(), size};
}

/// What is posted to PATH/NAMESPACE/NAME, with a bearer token, goes to a desk.
template <class Desk>
class Handler : public CivetHandler {
 public:
  Handler(std::string_view path, Desk& desk) : path_(path), desk_(desk) {}
  bool handlePost(CivetServer*, mg_connection* connection) override {
    Reply(connection, Answer(connection));
    return true;
  }

 private:
  ReportAnswer Answer(mg_connection* connection) {
    const std::string path = mg_get_request_info(connection)->local_uri;
    const auto slash = path.find('/', path_.size());
    if (!path.starts_with(path_) || slash == std::string::npos) {
      return {
          404,
          "use the address in SLIPWAY_REPORT_URL, or in status.webhook.url of a TrainingTrigger",
          {}};
    }
    const char* header = mg_get_header(connection, "Authorization");
    std::string_view token = header == nullptr ? "" : header;
    token = token.starts_with(kBearer) ? token.substr(kBearer.size()) : std::string_view{};
    while (!token.empty() && token.back() == ' ') token.remove_suffix(1);
    return desk_.Take(path.substr(path_.size(), slash - path_.size()), path.substr(slash + 1),
                      token, ReadBody(connection), mg_get_request_info(connection)->remote_addr);
  }

  const std::string_view path_;
  Desk& desk_;
};

class CivetReportServer final : public ReportServer {
 public:
  CivetReportServer(const std::string& port, ReportDesk& reports, TriggerDesk& triggers)
      : reports_(kReports, reports),
        triggers_(kTriggers, triggers),
        server_({"listening_ports", port, "num_threads", "8", "request_timeout_ms", "2000",
                 "enable_directory_listing", "no"}) {
    server_.addHandler(std::string(kReports), reports_);
    server_.addHandler(std::string(kTriggers), triggers_);
  }

 private:
  Handler<ReportDesk> reports_;
  Handler<TriggerDesk> triggers_;
  CivetServer server_;
};

}  // namespace

Result<std::unique_ptr<ReportServer>> ReportServer::Start(const std::string& address,
                                                          ReportDesk& reports,
                                                          TriggerDesk& triggers) {
  const std::string port = address.starts_with(":") ? address.substr(1) : address;
  try {
    return std::make_unique<CivetReportServer>(port, reports, triggers);
  } catch (const CivetException& error) {
    return Fail(Code::kUnavailable, "report address " + address + " cannot be listened on (" +
                                        error.what() + "); choose another with --report-address");
  }
}

}  // namespace slipway
