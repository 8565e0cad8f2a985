#include "operator/kube/cpprest_connector.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <pplx/threadpool.h>

#include <atomic>

#include "operator/base/log.hpp"
#include "operator/kube/cpprest_sink.hpp"
#include "operator/kube/status_error.hpp"

namespace slipway {
namespace {

using std::chrono::milliseconds;
using web::http::http_exception;
using web::http::http_request;
using web::http::http_response;
using web::http::client::http_client;
using web::http::client::http_client_config;

/// The library's own limit on silence; ours are shorter and kept by the callers. It is the only
/// one that also holds while a proxy is asked for a tunnel.
constexpr std::chrono::seconds kLibraryIdleLimit{60};

/// cpprestsdk tells the stages of a request apart by the text of its exceptions only
/// (Release/src/http/client/http_client_asio.cpp).
bool Says(const std::exception& failure, std::string_view beginning) {
  return std::string_view(failure.what()).starts_with(beginning);
}

int NumberOf(const std::exception& failure) {
  const auto* http = dynamic_cast<const http_exception*>(&failure);
  return http == nullptr ? 0 : http->error_code().value();
}

/// The reason inside an OpenSSL error number, or nullptr when it is none (an errno is small).
const char* TlsReason(int number) {
  const auto packed = static_cast<unsigned long>(static_cast<unsigned>(number));
  return ERR_GET_LIB(packed) == ERR_LIB_SSL ? ERR_reason_error_string(packed) : nullptr;
}

/// A connection from the pool that the server had closed meanwhile. The library repeats a request
/// itself when it notices while reading, but not while writing; and a server that restarts may
/// close even a fresh connection before its first answer.
bool WasDeadConnection(const std::exception& failure) {
  const int number = NumberOf(failure);
  if (number == static_cast<int>(std::errc::timed_out) || TlsReason(number) != nullptr) {
    return false;
  }
  return Says(failure, "Failed to write request") ||
         Says(failure, "Failed to read HTTP status line");
}

bool IsLoopback(const std::string& host) {
  return host == "localhost" || host == "127.0.0.1" || host.starts_with("127.");
}

bool IsAddress(const std::string& host) {
  return host.find_first_not_of("0123456789.") == std::string::npos;
}

Result<void> CheckServer(const std::string& server, bool may_be_plain) {
  try {
    const web::uri uri(server);
    if (uri.host().empty() || (uri.scheme() != "https" && uri.scheme() != "http")) {
      return Fail(Code::kInvalid, fmt::format("server \"{}\" is no https:// address", server));
    }
    if (uri.host().find(':') != std::string::npos) {
      return Fail(Code::kInvalid,
                  fmt::format("server \"{}\": a bare IPv6 address is not supported; use a host "
                              "name that resolves to it",
                              server));
    }
    if (uri.scheme() == "http" && !may_be_plain && !IsLoopback(uri.host())) {
      return Fail(Code::kInvalid,
                  fmt::format("server \"{}\" is not encrypted, which is accepted on this machine "
                              "only; use https://",
                              server));
    }
    return {};
  } catch (const std::exception& error) {
    return Fail(Code::kInvalid, fmt::format("server \"{}\": {}", server, error.what()));
  }
}

Result<void> CheckProxy(const std::string& proxy) {
  if (proxy.empty() || proxy.starts_with("http://")) return {};
  return Fail(Code::kInvalid,
              "the proxy is no http:// address (one that is reached by TLS or SOCKS is not "
              "supported); set proxy-url or HTTPS_PROXY to one that is");
}

web::web_proxy MakeProxy(const std::string& address) {
  const web::uri uri(address);
  web::web_proxy proxy(web::uri_builder(uri).set_user_info("").to_uri());
  const std::string user = web::uri::decode(uri.user_info());
  const std::size_t colon = user.find(':');
  if (!user.empty()) {
    proxy.set_credentials({user.substr(0, colon),
                           colon == std::string::npos ? std::string() : user.substr(colon + 1)});
  }
  return proxy;
}

}  // namespace

/// One request on its way: at most two attempts.
struct CpprestConnector::Exchange {
  std::shared_ptr<const HttpRequest> request;
  pplx::cancellation_token token = pplx::cancellation_token::none();
  std::shared_ptr<ExchangeHandler> handler;
  std::shared_ptr<const Session> session;
  std::atomic<int> attempts{0};
  Result<void> end = Fail(Code::kUnavailable, "the HTTP library has dropped the request");
};

/// Lives as long as the library holds anything of an attempt, and so until the connection is back
/// in the pool: the library's own signal comes before that, and a request that followed at once
/// would open another connection. The guard of the last attempt tells the end.
class CpprestConnector::AttemptGuard {
 public:
  explicit AttemptGuard(std::shared_ptr<Exchange> exchange)
      : exchange_(std::move(exchange)), attempt_(++exchange_->attempts) {}
  ~AttemptGuard() {
    if (attempt_ != exchange_->attempts) return;
    // Out of the library's destructors first.
    boost::asio::defer(
        crossplat::threadpool::shared_instance().service(),
        [exchange = std::move(exchange_)] { exchange->handler->OnEnd(std::move(exchange->end)); });
  }
  AttemptGuard(const AttemptGuard&) = delete;
  AttemptGuard& operator=(const AttemptGuard&) = delete;

 private:
  std::shared_ptr<Exchange> exchange_;
  const int attempt_;
};

Result<std::shared_ptr<CpprestConnector>> CpprestConnector::Make(
    TransportOptions options, std::shared_ptr<CredentialSource> credentials) {
  if (auto valid = CheckServer(options.server, options.may_be_plain); !valid)
    return tl::unexpected(valid.error());
  if (auto valid = CheckProxy(options.proxy); !valid) return tl::unexpected(valid.error());
  std::shared_ptr<CpprestConnector> connector(
      new CpprestConnector(std::move(options), std::move(credentials)));
  if (auto session = connector->CurrentSession(); !session) {
    return tl::unexpected(session.error());
  }
  return connector;
}

Result<std::shared_ptr<const CpprestConnector::Session>> CpprestConnector::CurrentSession() {
  auto credentials = source_->Current();
  const MutexLock lock(mutex_);
  if (session_ && session_->credentials == credentials) return session_;
  auto session = MakeSession(credentials, session_.get());
  if (session) {
    session_ = *session;
  } else if (session_) {
    log::Error("changed credentials cannot be used; the former ones stay in use",
               {{"server", options_.server}, {"reason", session.error().message}});
    session_ = std::make_shared<Session>(Session{credentials, session_->tls, session_->client});
  } else {
    return session;
  }
  return session_;
}

Result<std::shared_ptr<const CpprestConnector::Session>> CpprestConnector::MakeSession(
    const std::shared_ptr<const Credentials>& credentials, const Session* previous) const {
  const bool same_tls = previous != nullptr &&
                        previous->credentials->ca_pem == credentials->ca_pem &&
                        previous->credentials->certificate_pem == credentials->certificate_pem &&
                        previous->credentials->key_pem == credentials->key_pem;
  if (same_tls) {
    return std::make_shared<Session>(Session{credentials, previous->tls, previous->client});
  }
  std::shared_ptr<TlsMaterial> tls;
  if (options_.server.starts_with("https")) {
    auto parsed = TlsMaterial::Parse(*credentials);
    if (!parsed) return tl::unexpected(std::move(parsed.error()));
    tls = std::move(*parsed);
  }
  return std::make_shared<Session>(Session{credentials, tls, MakeClient(tls)});
}

std::shared_ptr<http_client> CpprestConnector::MakeClient(
    const std::shared_ptr<TlsMaterial>& tls) const {
  http_client_config config;
  config.set_timeout(kLibraryIdleLimit);
  config.set_max_redirects(0);  // A redirect would take the token along.
  if (!options_.proxy.empty()) config.set_proxy(MakeProxy(options_.proxy));
  if (tls) {
    config.set_ssl_context_callback(
        [tls](boost::asio::ssl::context& context) { tls->Apply(context.native_handle()); });
  }
  const web::uri server(options_.server);
  // RFC 6066: a literal address is no server name.
  if (options_.tls_server_name.empty() && IsAddress(server.host())) {
    config.set_tlsext_sni_enabled(false);
  }
  return std::make_shared<http_client>(server, config);
}

void CpprestConnector::AbandonConnections(const std::shared_ptr<const Session>& session) {
  const MutexLock lock(mutex_);
  if (session_ != session) return;
  session_ = std::make_shared<Session>(
      Session{session->credentials, session->tls, MakeClient(session->tls)});
}

void CpprestConnector::Start(std::shared_ptr<const HttpRequest> request,
                             pplx::cancellation_token token,
                             std::shared_ptr<ExchangeHandler> handler) {
  auto exchange = std::make_shared<Exchange>();
  exchange->request = std::move(request);
  exchange->token = std::move(token);
  exchange->handler = std::move(handler);
  Attempt(exchange);
}

void CpprestConnector::Attempt(const std::shared_ptr<Exchange>& exchange) {
  const auto guard = std::make_shared<AttemptGuard>(exchange);
  auto session = CurrentSession();
  if (!session) {
    exchange->end = tl::unexpected(std::move(session.error()));
    return;
  }
  exchange->session = *session;
  if (!exchange->request->may_repeat) {
    // A connection of its own, since the library itself repeats what was sent on a used one.
    const auto& shared = *exchange->session;
    exchange->session =
        std::make_shared<Session>(Session{shared.credentials, shared.tls, MakeClient(shared.tls)});
  }
  try {
    exchange->session->client->request(MakeMessage(*exchange, guard), exchange->token)
        .then([self = shared_from_this(), exchange](const pplx::task<http_response>& headers) {
          self->OnHeaders(exchange, headers);
        });
  } catch (const std::exception& error) {
    exchange->end =
        Fail(Code::kInvalid, fmt::format("the request cannot be sent: {}", error.what()));
  }
}

http_request CpprestConnector::MakeMessage(const Exchange& exchange,
                                           std::shared_ptr<AttemptGuard> guard) const {
  const HttpRequest& request = *exchange.request;
  http_request message{std::string(ToString(request.method))};
  message.set_request_uri(web::uri(request.target));
  if (!request.content_type.empty()) {
    message.set_body(std::string(request.body), request.content_type);
  }
  auto& headers = message.headers();
  headers.add("Accept", "application/json");
  headers.add("User-Agent", "slipway/" SLIPWAY_VERSION);
  // The library verifies the certificate against this header when it is set.
  if (!options_.tls_server_name.empty()) headers.add("Host", options_.tls_server_name);
  for (const auto& [name, value] : request.headers) headers[name] = value;
  const std::string& token = exchange.session->credentials->token;
  const std::string& basic = exchange.session->credentials->basic;
  if (!token.empty()) {
    headers.add("Authorization", "Bearer " + token);
  } else if (!basic.empty()) {
    headers.add("Authorization",
                "Basic " + utility::conversions::to_base64({basic.begin(), basic.end()}));
  }
  const auto sink = std::make_shared<CpprestSink>(
      [handler = exchange.handler, guard = std::move(guard)](std::string_view bytes) {
        return handler->OnBytes(bytes);
      });
  message.set_response_stream(
      concurrency::streams::ostream(concurrency::streams::streambuf<uint8_t>(sink)));
  return message;
}

void CpprestConnector::OnHeaders(const std::shared_ptr<Exchange>& exchange,
                                 const pplx::task<http_response>& headers) {
  http_response response;
  try {
    response = headers.get();
  } catch (const std::exception& failure) {
    OnFailure(exchange, failure, false);
    return;
  }
  std::uint64_t content_length = 0;
  response.headers().match("Content-Length", content_length);
  std::string retry_after;
  const bool has_hint = response.headers().match("Retry-After", retry_after);
  exchange->handler->OnHeaders(response.status_code(),
                               has_hint ? ParseRetryAfter(retry_after) : milliseconds(0),
                               content_length);
  response.content_ready().then(
      [self = shared_from_this(), exchange](const pplx::task<http_response>& body) {
        try {
          body.get();
          exchange->end = {};
        } catch (const std::exception& failure) {
          self->OnFailure(exchange, failure, true);
        }
      });
}

void CpprestConnector::OnFailure(const std::shared_ptr<Exchange>& exchange,
                                 const std::exception& failure, bool answer_begun) {
  const bool repeat = exchange->request->may_repeat && !answer_begun && exchange->attempts == 1 &&
                      !exchange->token.is_canceled() && WasDeadConnection(failure);
  if (repeat) {
    // Its neighbours in the pool are probably dead as well. Every request to an API server may be
    // repeated when its outcome is unknown (request.hpp).
    AbandonConnections(exchange->session);
    Attempt(exchange);
    return;
  }
  exchange->end = tl::unexpected(Describe(*exchange->session, failure, answer_begun));
}

Error CpprestConnector::Describe(const Session& session, const std::exception& failure,
                                 bool answer_begun) const {
  const int number = NumberOf(failure);
  if (number == static_cast<int>(std::errc::timed_out)) {
    return {Code::kTimeout,
            fmt::format("{} was silent for {} s", options_.server, kLibraryIdleLimit.count())};
  }
  const char* tls_reason = TlsReason(number);
  if (Says(failure, "Error in SSL handshake")) {
    const std::string refusal = session.tls ? session.tls->LastRefusal() : "";
    const bool for_name = refusal.empty() && std::string_view(tls_reason ? tls_reason : "") ==
                                                 "certificate verify failed";
    return {Code::kUnavailable,
            fmt::format("{} was not reached: the TLS handshake failed: {}{}", options_.server,
                        tls_reason != nullptr ? tls_reason : "the connection broke",
                        for_name          ? ": the certificate is not for this host name"
                        : refusal.empty() ? ""
                                          : ": " + refusal)};
  }
  if (Says(failure, "Error resolving") || Says(failure, "Failed to resolve")) {
    return {Code::kUnavailable,
            fmt::format("{} was not reached: its host name has no address", options_.server)};
  }
  if (Says(failure, "Failed to connect")) {
    return {Code::kUnavailable, fmt::format("{} was not reached: no connection", options_.server)};
  }
  return {Code::kUnavailable, fmt::format("{}: the connection broke {}: {}", options_.server,
                                          answer_begun ? "during the answer" : "before an answer",
                                          tls_reason != nullptr ? tls_reason : failure.what())};
}

}  // namespace slipway
