#include "operator/probe/canary.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "operator/base/host_port.hpp"

namespace slipway::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// Without descriptors or memory for a connection the next try has to wait.
constexpr std::chrono::milliseconds kPause{100};

class AsioCanary final : public Canary {
 public:
  explicit AsioCanary(const tcp::endpoint& where)
      : acceptor_(io_, where), pause_(io_), thread_([this] {
          Accept();
          io_.run();
        }) {}
  ~AsioCanary() override { io_.stop(); }

 private:
  void Accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket connection) {
      error_code ignored;
      connection.close(ignored);
      if (!error || error == asio::error::connection_aborted) return Accept();
      pause_.expires_after(kPause);
      pause_.async_wait([this](const error_code&) { Accept(); });
    });
  }

  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  std::jthread thread_;  // The last one: it ends before what it uses.
};

}  // namespace

Result<std::unique_ptr<Canary>> Canary::Start(const std::string& address) {
  const auto where = ParseHostPort(address);
  if (!where) return tl::unexpected(where.error());
  try {
    const auto host = where->host.empty() ? asio::ip::address(asio::ip::address_v4::any())
                                          : asio::ip::make_address(where->host);
    return std::make_unique<AsioCanary>(tcp::endpoint(host, where->port));
  } catch (const std::exception& error) {
    return Fail(Code::kUnavailable, "canary address " + address + " cannot be listened on (" +
                                        error.what() + "); choose another with --canary-address");
  }
}

}  // namespace slipway::probe
