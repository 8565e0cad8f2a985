#pragma once

#include <memory>
#include <string>

#include "operator/base/result.hpp"
#include "operator/kube/transport.hpp"
#include "operator/worker/sigv4.hpp"

namespace slipway::worker {

/// An address in parts.
struct Address {
  std::string server;  ///< "https://host:port".
  std::string host;    ///< "host:port", as in the header Host.
  std::string path;    ///< "/path" without a slash at its end, or empty.
  bool plain = false;  ///< http, to another machine.
};
Result<Address> ParseAddress(const std::string& url);

/// GET requests to one server.
class WebClient {
 public:
  /// `ca_file` holds the authorities to trust, as PEM; when empty it is those that come with the
  /// image, or with the machine. `basic` is "user:password", or empty.
  static Result<WebClient> Open(const Address& address, const std::string& ca_file,
                                std::size_t max_body_bytes, std::string basic = "");

  /// An answer of any status. No redirect is followed: it would take the credentials along.
  Result<HttpResponse> Get(const std::string& target, Headers headers);

  /// What a status other than 200 means, with the way out; `words` are the server's own.
  static std::string Explain(int status, const std::string& words);

 private:
  explicit WebClient(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}
  std::unique_ptr<Transport> transport_;
};

}  // namespace slipway::worker
