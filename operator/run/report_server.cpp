#include "operator/run/report_server.hpp"

#include <CivetServer.h>

#include <array>
#include <optional>
#include <string_view>

namespace slipway {
namespace {

constexpr std::string_view kPath = "/v1/report/";
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

/// The body, as far as one byte beyond what a report may have.
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

class Handler : public CivetHandler {
 public:
  explicit Handler(ReportDesk& desk) : desk_(desk) {}
  bool handlePost(CivetServer*, mg_connection* connection) override {
    Reply(connection, Answer(connection));
    return true;
  }

 private:
  ReportAnswer Answer(mg_connection* connection) {
    const std::string path = mg_get_request_info(connection)->local_uri;
    const auto slash = path.find('/', kPath.size());
    if (!path.starts_with(kPath) || slash == std::string::npos) {
      return {404, "use the address in SLIPWAY_REPORT_URL", {}};
    }
    const char* header = mg_get_header(connection, "Authorization");
    std::string_view token = header == nullptr ? "" : header;
    token = token.starts_with(kBearer) ? token.substr(kBearer.size()) : std::string_view{};
    while (!token.empty() && token.back() == ' ') token.remove_suffix(1);
    return desk_.Take(path.substr(kPath.size(), slash - kPath.size()), path.substr(slash + 1),
                      token, ReadBody(connection), mg_get_request_info(connection)->remote_addr);
  }

  ReportDesk& desk_;
};

class CivetReportServer final : public ReportServer {
 public:
  CivetReportServer(const std::string& port, ReportDesk& desk)
      : handler_(desk),
        server_({"listening_ports", port, "num_threads", "8", "request_timeout_ms", "2000",
                 "enable_directory_listing", "no"}) {
    server_.addHandler(std::string(kPath), handler_);
  }

 private:
  Handler handler_;
  CivetServer server_;
};

}  // namespace

Result<std::unique_ptr<ReportServer>> ReportServer::Start(const std::string& address,
                                                          ReportDesk& desk) {
  const std::string port = address.starts_with(":") ? address.substr(1) : address;
  try {
    return std::make_unique<CivetReportServer>(port, desk);
  } catch (const CivetException& error) {
    return Fail(Code::kUnavailable, "report address " + address + " cannot be listened on (" +
                                        error.what() + "); choose another with --report-address");
  }
}

}  // namespace slipway
