#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "tests/unit/kube/test_certificates.hpp"

namespace slipway::testing {

/// A request as the server got it.
struct SeenRequest {
  std::string method;
  std::string target;
  std::string headers;  ///< As sent, lines and all.
  std::string body;

  /// The value of a header, without the blanks around it.
  std::string Header(const std::string& name) const {
    const std::size_t at = headers.find("\r\n" + name + ":");
    if (at == std::string::npos) return "";
    const std::size_t start = headers.find_first_not_of(' ', at + name.size() + 3);
    return headers.substr(start, headers.find("\r\n", start) - start);
  }
};

/// An HTTP/1.1 server on loopback whose every byte a test decides. Each connection runs the
/// script on a thread of its own; the server's end ends them all.
class ScriptedServer {
  using Socket = boost::asio::ip::tcp::socket;
  using TlsStream = boost::asio::ssl::stream<Socket>;

 public:
  class Connection {
   public:
    Connection(ScriptedServer& server, Socket socket, std::optional<Identity> identity)
        : server_(server), context_(boost::asio::ssl::context::tls_server) {
      fd_ = socket.native_handle();
      if (identity) {
        context_.use_certificate_chain(boost::asio::buffer(identity->certificate_pem));
        context_.use_private_key(boost::asio::buffer(identity->key_pem),
                                 boost::asio::ssl::context::pem);
        if (!server.client_ca_.empty()) {
          context_.add_certificate_authority(boost::asio::buffer(server.client_ca_));
          context_.set_verify_mode(boost::asio::ssl::verify_peer |
                                   boost::asio::ssl::verify_fail_if_no_peer_cert);
        }
        tls_.emplace(std::move(socket), context_);
      } else {
        plain_.emplace(std::move(socket));
      }
    }

    bool Handshake() {
      if (!tls_) return true;
      boost::system::error_code error;
      tls_->handshake(TlsStream::server, error);
      return !error;
    }

    /// The next request, or nothing when the client has gone.
    std::optional<SeenRequest> Read() {
      const auto end = Fill("\r\n\r\n");
      if (!end) return std::nullopt;
      SeenRequest request;
      request.headers = in_.substr(0, *end);
      in_.erase(0, *end);
      const std::size_t space = request.headers.find(' ');
      request.method = request.headers.substr(0, space);
      request.target =
          request.headers.substr(space + 1, request.headers.find(' ', space + 1) - space - 1);
      const std::string length = request.Header("Content-Length");
      const std::size_t size = length.empty() ? 0 : std::stoul(length);
      while (in_.size() < size && ReadSome()) {
      }
      request.body = in_.substr(0, size);
      in_.erase(0, size);
      return request;
    }

    bool Write(const std::string& bytes) {
      boost::system::error_code error;
      if (tls_) {
        boost::asio::write(*tls_, boost::asio::buffer(bytes), error);
      } else {
        boost::asio::write(*plain_, boost::asio::buffer(bytes), error);
      }
      return !error;
    }
    bool Answer(int status, const std::string& body, const std::string& extra_headers = "") {
      return Write("HTTP/1.1 " + std::to_string(status) + " Reason\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n" + extra_headers + "\r\n" + body);
    }
    bool StartChunks(int status = 200) {
      return Write("HTTP/1.1 " + std::to_string(status) +
                   " Reason\r\nTransfer-Encoding: chunked\r\n\r\n");
    }
    bool Chunk(const std::string& bytes) {
      char size[20];
      std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
      return Write(size + bytes + "\r\n");
    }

    /// Ends the connection without a word (RST).
    void Reset() {
      const linger at_once{1, 0};
      setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
      Lowest().close();
    }
    /// Waits; false when the server ends meanwhile.
    bool Pause(std::chrono::milliseconds time) { return server_.Pause(time); }
    /// Waits until the client has gone.
    void WaitForEnd() {
      while (ReadSome()) in_.clear();
    }
    /// Passes bytes both ways between this plain connection and a port of this machine.
    void TunnelTo(int port) {
      Socket target(server_.io_);
      target.connect({boost::asio::ip::address_v4::loopback(), static_cast<uint16_t>(port)});
      std::thread back([&] { Pump(target, *plain_); });
      Pump(*plain_, target);
      back.join();
    }
    std::string PeerName() {
      X509* certificate = SSL_get0_peer_certificate(tls_->native_handle());
      char name[100] = "";
      if (certificate != nullptr) {
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                                  sizeof(name));
      }
      return name;
    }
    int fd() const { return fd_; }
    Socket& Lowest() { return tls_ ? tls_->next_layer() : *plain_; }

   private:
    /// Until `from` ends, which then ends `to`.
    static void Pump(Socket& from, Socket& to) {
      char buffer[8192];
      boost::system::error_code error;
      while (!error) {
        const std::size_t count = from.read_some(boost::asio::buffer(buffer), error);
        if (!error) boost::asio::write(to, boost::asio::buffer(buffer, count), error);
      }
      to.shutdown(Socket::shutdown_both, error);
    }
    std::optional<std::size_t> Fill(const std::string& mark) {
      while (in_.find(mark) == std::string::npos) {
        if (!ReadSome()) return std::nullopt;
      }
      return in_.find(mark) + mark.size();
    }
    bool ReadSome() {
      char buffer[8192];
      boost::system::error_code error;
      const std::size_t count = tls_ ? tls_->read_some(boost::asio::buffer(buffer), error)
                                     : plain_->read_some(boost::asio::buffer(buffer), error);
      in_.append(buffer, count);
      return !error;
    }

    ScriptedServer& server_;
    boost::asio::ssl::context context_;
    std::optional<TlsStream> tls_;
    std::optional<Socket> plain_;
    int fd_ = -1;
    std::string in_;
  };

  using Script = std::function<void(Connection&)>;

  /// Speaks TLS with `identity`, or plain HTTP without one. With `client_ca` only clients with a
  /// certificate of that authority are let in.
  ScriptedServer(std::optional<Identity> identity, std::string client_ca, Script script)
      : client_ca_(std::move(client_ca)),
        identity_(std::move(identity)),
        script_(std::move(script)),
        acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}),
        thread_([this] { Accept(); }) {}

  ~ScriptedServer() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      for (const int fd : open_fds_) shutdown(fd, SHUT_RDWR);
    }
    stopped_.notify_all();
    shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
    for (auto& thread : connections_) thread.join();
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  int port() const { return acceptor_.local_endpoint().port(); }
  std::string url() const {
    return (identity_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port());
  }
  void SetIdentity(Identity identity) {
    const std::lock_guard lock(mutex_);
    identity_ = std::move(identity);
  }
  /// Ends every open connection, as a restart would.
  void DropConnections() {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_fds_) shutdown(fd, SHUT_RDWR);
  }

  /// Connections accepted so far, handshake done.
  int accepted() const { return accepted_; }
  /// The most that were open at one time.
  int most_open() const { return most_open_; }

 private:
  bool Pause(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !stopped_.wait_for(lock, time, [this] { return stopping_; });
  }

  void Accept() {
    while (true) {
      boost::system::error_code error;
      Socket socket(io_);
      acceptor_.accept(socket, error);
      const std::lock_guard lock(mutex_);
      if (error || stopping_) return;
      auto connection = std::make_shared<Connection>(*this, std::move(socket), identity_);
      open_fds_.push_back(connection->fd());
      most_open_ = std::max<int>(most_open_, static_cast<int>(open_fds_.size()));
      connections_.emplace_back([this, connection] { Run(*connection); });
    }
  }

  void Run(Connection& connection) {
    if (connection.Handshake()) {
      ++accepted_;
      script_(connection);
    }
    const std::lock_guard lock(mutex_);
    std::erase(open_fds_, connection.fd());
    boost::system::error_code ignored;
    connection.Lowest().close(ignored);
  }

  const std::string client_ca_;
  std::optional<Identity> identity_;
  const Script script_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::vector<int> open_fds_;
  std::list<std::thread> connections_;
  std::atomic<int> accepted_{0};
  std::atomic<int> most_open_{0};
  std::thread thread_;
};

}  // namespace slipway::testing
