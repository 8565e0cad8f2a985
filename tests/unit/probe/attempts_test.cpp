#include "operator/probe/attempts.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

namespace slipway::probe {
namespace {

using boost::asio::ip::tcp;

TEST(ClassifyTest, WhatWasConnectedIsNotTakenForRefused) {
  using boost::system::error_code;
  const auto classify = [](int error) {
    return Classify(error_code(error, boost::system::system_category()));
  };
  EXPECT_EQ(classify(0), ProbeSeen::kConnected);
  for (const int error : {ECONNRESET, EPIPE}) EXPECT_EQ(classify(error), ProbeSeen::kConnected);
  EXPECT_EQ(classify(ECONNREFUSED), ProbeSeen::kRefused);
  EXPECT_EQ(classify(ETIMEDOUT), ProbeSeen::kTimedOut);
  for (const int error : {EHOSTUNREACH, ENETUNREACH, ENETDOWN, EACCES, EADDRNOTAVAIL, EAFNOSUPPORT})
    EXPECT_EQ(classify(error), ProbeSeen::kUnreachable) << error;
  // None of the network's words: nothing is known.
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EPERM, EINVAL})
    EXPECT_EQ(classify(error), ProbeSeen::kFailed) << error;
}

TEST(CombineTest, OneAddressThatIsOpenIsEnough) {
  using enum ProbeSeen;
  EXPECT_EQ(Combine({kRefused, kTimedOut, kConnected, kFailed}), kConnected);
  EXPECT_EQ(Combine({kRefused, kFailed}), kFailed) << "all have to be tried";
  EXPECT_EQ(Combine({kUnreachable, kTimedOut}), kTimedOut);
  EXPECT_EQ(Combine({kUnreachable, kRefused}), kRefused);
  EXPECT_EQ(Combine({kUnreachable}), kUnreachable);
  EXPECT_EQ(Combine({}), kUnresolved);
}

class LookAtTest : public ::testing::Test {
 protected:
  std::uint16_t Port() const { return listener_.local_endpoint().port(); }

  boost::asio::io_context io_;
  tcp::acceptor listener_{io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)};
};

TEST_F(LookAtTest, TellsOpenFromClosedInTheirOrder) {
  tcp::acceptor gone(io_, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
  const std::uint16_t closed = gone.local_endpoint().port();
  gone.close();
  const Look look = LookAt({{{"127.0.0.1", Port()}, true},
                            {{"127.0.0.1", closed}, false},
                            {{"no-such-host.invalid", 1}, false},
                            {{"localhost", Port()}, true}});
  ASSERT_EQ(look.checks.size(), 4u);
  EXPECT_EQ(look.checks[0].target, "127.0.0.1:" + std::to_string(Port()));
  EXPECT_EQ(look.checks[0].seen, ProbeSeen::kConnected);
  EXPECT_TRUE(look.checks[0].reachable);
  EXPECT_EQ(look.checks[1].seen, ProbeSeen::kRefused);
  EXPECT_FALSE(look.checks[1].reachable);
  EXPECT_EQ(look.checks[2].seen, ProbeSeen::kUnresolved);
  EXPECT_EQ(look.checks[3].seen, ProbeSeen::kConnected) << "at one of its addresses";
  EXPECT_LT(look.checks[0].took, kAttempt);
}

TEST_F(LookAtTest, NothingIsSent) {
  LookAt({{{"127.0.0.1", Port()}, true}});
  tcp::socket connection = listener_.accept();
  char byte = 0;
  boost::system::error_code error;
  EXPECT_EQ(connection.read_some(boost::asio::buffer(&byte, 1), error), 0u);
  EXPECT_EQ(error, boost::asio::error::eof);
}

}  // namespace
}  // namespace slipway::probe
