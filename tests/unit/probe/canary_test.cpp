#include "operator/probe/canary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <list>

#include "operator/probe/attempts.hpp"

namespace slipway::probe {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

std::uint16_t FreePort() {
  boost::asio::io_context io;
  return tcp::acceptor(io, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0))
      .local_endpoint()
      .port();
}

class CanaryTest : public ::testing::Test {
 protected:
  std::string Address() const { return "127.0.0.1:" + std::to_string(port_); }
  tcp::endpoint Endpoint() const { return {boost::asio::ip::address_v4::loopback(), port_}; }
  ProbeSeen Seen() const { return LookAt({{{"127.0.0.1", port_}, false}}).checks[0].seen; }

  const std::uint16_t port_ = FreePort();
  boost::asio::io_context io_;
};

TEST_F(CanaryTest, ClosesWithoutAWord) {
  const auto canary = Canary::Start(Address());
  ASSERT_TRUE(canary) << canary.error().message;
  for (int i = 0; i < 100; ++i) {
    tcp::socket socket(io_);
    socket.connect(Endpoint());
    char byte = 0;
    error_code error;
    EXPECT_EQ(socket.read_some(boost::asio::buffer(&byte, 1), error), 0u);
    EXPECT_EQ(error, boost::asio::error::eof) << "no reset, which could be taken for a refusal";
  }
}

TEST_F(CanaryTest, IsThereAsLongAsTheObject) {
  auto canary = Canary::Start(Address());
  ASSERT_TRUE(canary);
  EXPECT_EQ(Seen(), ProbeSeen::kConnected);
  canary->reset();
  EXPECT_EQ(Seen(), ProbeSeen::kRefused);
  EXPECT_TRUE(Canary::Start(Address())) << "the address is free again";
}

TEST_F(CanaryTest, AnswersThroughAFlood) {
  const auto canary = Canary::Start(Address());
  ASSERT_TRUE(canary);
  std::list<tcp::socket> flood;
  for (int i = 0; i < 500; ++i) {
    flood.emplace_back(io_);
    flood.back().connect(Endpoint());
    error_code ignored;
    flood.back().write_some(boost::asio::buffer("GET / HTTP/1.1\r\n\r\n", 18), ignored);
  }
  EXPECT_EQ(Seen(), ProbeSeen::kConnected);
}

TEST_F(CanaryTest, RefusesWhatItCannotListenOn) {
  const tcp::acceptor taken(io_, Endpoint());
  const auto canary = Canary::Start(Address());
  ASSERT_FALSE(canary);
  EXPECT_THAT(canary.error().message,
              ::testing::AllOf(::testing::HasSubstr("canary address " + Address()),
                               ::testing::HasSubstr("--canary-address")));
  EXPECT_FALSE(Canary::Start("no-address:1"));
  EXPECT_FALSE(Canary::Start("8082"));
}

}  // namespace
}  // namespace slipway::probe
