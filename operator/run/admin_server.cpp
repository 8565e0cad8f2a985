#include "operator/run/admin_server.hpp"

#include <CivetServer.h>

#include <string_view>

namespace slipway {
namespace {

void Reply(mg_connection* connection, int status, std::string_view type, const std::string& body) {
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n"
            "X-Content-Type-Options: nosniff\r\n\r\n",
            status, mg_get_response_code_text(connection, status), std::string(type).c_str(),
            body.size());
  mg_write(connection, body.data(), body.size());
}

/// Answers GET by a function of the connection.
class Page : public CivetHandler {
 public:
  explicit Page(std::function<void(mg_connection*)> answer) : answer_(std::move(answer)) {}
  bool handleGet(CivetServer*, mg_connection* connection) override {
    answer_(connection);
    return true;
  }

 private:
  std::function<void(mg_connection*)> answer_;
};

std::function<void(mg_connection*)> Probe(std::function<std::string()> complaint) {
  return [complaint = std::move(complaint)](mg_connection* connection) {
    const std::string text = complaint();
    Reply(connection, text.empty() ? 200 : 503, "text/plain", text.empty() ? "ok\n" : text + "\n");
  };
}

bool FromLoopback(const mg_connection* connection) {
  const std::string_view peer = mg_get_request_info(connection)->remote_addr;
  return peer == "::1" || peer.starts_with("127.");
}

class CivetAdminServer final : public AdminServer {
 public:
  CivetAdminServer(const std::string& port, AdminPages pages)
      : alive_(Probe(std::move(pages.not_alive))),
        ready_(Probe(std::move(pages.not_ready))),
        metrics_([metrics = std::move(pages.metrics)](mg_connection* connection) {
          Reply(connection, 200, "text/plain; version=0.0.4; charset=utf-8", metrics());
        }),
        debug_([debug = std::move(pages.debug)](mg_connection* connection) {
          if (!FromLoopback(connection)) {
            return Reply(connection, 403, "text/plain", "only from the loopback address\n");
          }
          const std::string uri = mg_get_request_info(connection)->local_uri;
          const std::string text = debug(uri.substr(uri.rfind('/') + 1));
          Reply(connection, text.empty() ? 404 : 200, "application/json", text);
        }),
        server_({"listening_ports", port, "num_threads", "8", "request_timeout_ms", "1000",
                 "enable_directory_listing", "no"}) {
    server_.addHandler("/healthz", alive_);
    server_.addHandler("/readyz", ready_);
    server_.addHandler("/metrics", metrics_);
    server_.addHandler("/debug/", debug_);
  }

 private:
  Page alive_, ready_, metrics_, debug_;
  CivetServer server_;
};

}  // namespace

Result<std::unique_ptr<AdminServer>> AdminServer::Start(const std::string& address,
                                                        AdminPages pages) {
  const std::string port = address.starts_with(":") ? address.substr(1) : address;
  try {
    return std::make_unique<CivetAdminServer>(port, std::move(pages));
  } catch (const CivetException& error) {
    return Fail(Code::kUnavailable, "admin address " + address + " cannot be listened on (" +
                                        error.what() + "); choose another with --admin-address");
  }
}

}  // namespace slipway
