#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "operator/base/result.hpp"
#include "operator/kube/credentials.hpp"
#include "operator/kube/request.hpp"

namespace slipway {

/// An answer of any status.
struct HttpResponse {
  int status = 0;
  std::string body;
  std::chrono::milliseconds retry_after{0};  ///< Zero without that header.
};

/// When a stream is given up. All of them are noticed within a quarter of the limit's length.
struct StreamLimits {
  std::chrono::milliseconds idle = std::chrono::seconds(35);  ///< Longest silence.
  /// Longest time from the first to the last byte of one line: a sender that trickles is never
  /// silent, but it never ends either.
  std::chrono::milliseconds line = std::chrono::seconds(15);
  std::size_t max_line_bytes = 16U << 20U;
};

/// The network seam: bytes to one API server and back. Implementations are thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;

  /// Sends without waiting. `done` is called exactly once, on some thread of the transport or on
  /// this one, with an answer of any status or, when there was none:
  ///  - kUnavailable: no connection, or it broke; whether the server acted is unknown unless the
  ///    message says that it was not reached,
  ///  - kTimeout: no whole answer within `deadline` (waiting for a free connection included),
  ///  - kTooLarge: the answer exceeds the size limit.
  /// `done` must not block.
  virtual void SendAsync(HttpRequest request, std::chrono::milliseconds deadline,
                         std::function<void(Result<HttpResponse>)> done) = 0;

  /// Sends and waits. Must not be called from a `done` or a `sink`.
  Result<HttpResponse> Send(HttpRequest request, std::chrono::milliseconds deadline);

  /// Receives the body of one answer piece by piece on a thread of the transport while this call
  /// blocks; `sink` is never called after it has returned, and the sender waits while `sink` runs.
  /// Success is an end that the server chose. An answer other than 200 comes back as the Error
  /// that its Status means, without any call of `sink`.
  virtual Result<void> Stream(HttpRequest request, StreamLimits limits, std::stop_token stop,
                              std::function<void(std::string_view chunk)> sink) = 0;
};

struct TransportOptions {
  std::string server;           ///< "https://host:port", with a path prefix if there is one.
  std::string tls_server_name;  ///< The name to expect in the certificate instead of the host.
  std::string proxy;            ///< "http://[user:password@]host:port"; empty for none.
  /// Requests beyond this many wait without holding a thread. Streams are not counted. Namespaces
  /// take turns, and none of them gets all connections (fair_line.hpp).
  std::size_t max_connections = 32;
  /// Five times what one object may have (etcd takes 1.5 MiB), so that every list can be had in
  /// pages that fit; and little enough for several informers to take one at the same time.
  std::size_t max_body_bytes = 8U << 20U;
  /// Whether a server on another machine may be reached without TLS. Not for an API server.
  bool may_be_plain = false;
};

/// Prepares the process for MakeCpprestTransport: the HTTP library gets one thread, on which all of
/// it runs (so nothing that it calls may block), the machine's own certificate authorities are
/// hidden from it, and OpenSSL is not taken apart while it may still be used at exit. To be called
/// first in main, before any other thread exists; later calls do nothing.
void InitTransportLibrary();

/// A Transport on cpprestsdk. Fails when an option or the present credentials cannot work.
/// Credentials that change later are used from the next request on; requests in flight keep the
/// old ones.
Result<std::unique_ptr<Transport>> MakeCpprestTransport(
    TransportOptions options, std::shared_ptr<CredentialSource> credentials);

}  // namespace slipway
