#pragma once

// Before anything else: without it the library defines a macro named U.
#define _TURN_OFF_PLATFORM_STRING  // NOLINT(bugprone-reserved-identifier): the library's name
#include <cpprest/http_client.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "operator/base/mutex.hpp"
#include "operator/base/result.hpp"
#include "operator/kube/credentials.hpp"
#include "operator/kube/request.hpp"
#include "operator/kube/tls_material.hpp"
#include "operator/kube/transport.hpp"

namespace slipway {

/// Is told one answer as it comes in: OnHeaders at most once, then OnBytes, OnEnd exactly once and
/// last, when the connection is free again. The calls come one after the other on threads of the
/// HTTP library.
class ExchangeHandler {
 public:
  virtual ~ExchangeHandler() = default;
  /// `content_length` is 0 when the server does not say.
  virtual void OnHeaders(int status, std::chrono::milliseconds retry_after,
                         std::uint64_t content_length) = 0;
  /// False breaks the connection.
  virtual bool OnBytes(std::string_view bytes) = 0;
  virtual void OnEnd(Result<void> end) = 0;
};

/// Connections to one server through cpprestsdk: builds its client from the present credentials,
/// sends one request at a time per connection, and tells dead pooled connections from a dead
/// server. Thread-safe. For transport_cpprest.cpp only.
class CpprestConnector : public std::enable_shared_from_this<CpprestConnector> {
 public:
  static Result<std::shared_ptr<CpprestConnector>> Make(
      TransportOptions options, std::shared_ptr<CredentialSource> credentials);

  /// Starts an exchange. A cancelled token breaks its connection; OnEnd still follows.
  void Start(std::shared_ptr<const HttpRequest> request, pplx::cancellation_token token,
             std::shared_ptr<ExchangeHandler> handler);

  const TransportOptions& options() const { return options_; }

 private:
  /// What a request needs beside itself; replaced as a whole, never changed.
  struct Session {
    std::shared_ptr<const Credentials> credentials;
    std::shared_ptr<TlsMaterial> tls;
    std::shared_ptr<web::http::client::http_client> client;
  };
  struct Exchange;
  class AttemptGuard;

  CpprestConnector(TransportOptions options, std::shared_ptr<CredentialSource> credentials)
      : options_(std::move(options)), source_(std::move(credentials)) {}

  Result<std::shared_ptr<const Session>> CurrentSession();
  Result<std::shared_ptr<const Session>> MakeSession(
      const std::shared_ptr<const Credentials>& credentials, const Session* previous) const;
  std::shared_ptr<web::http::client::http_client> MakeClient(
      const std::shared_ptr<TlsMaterial>& tls) const;
  void AbandonConnections(const std::shared_ptr<const Session>& session);

  void Attempt(const std::shared_ptr<Exchange>& exchange);
  web::http::http_request MakeMessage(const Exchange& exchange,
                                      std::shared_ptr<AttemptGuard> guard) const;
  void OnHeaders(const std::shared_ptr<Exchange>& exchange,
                 const pplx::task<web::http::http_response>& headers);
  void OnFailure(const std::shared_ptr<Exchange>& exchange, const std::exception& failure,
                 bool answer_begun);
  Error Describe(const Session& session, const std::exception& failure, bool answer_begun) const;

  const TransportOptions options_;
  const std::shared_ptr<CredentialSource> source_;
  Mutex mutex_;
  std::shared_ptr<const Session> session_ SLIPWAY_GUARDED_BY(mutex_);
};

}  // namespace slipway
