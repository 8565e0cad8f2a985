#include "operator/base/host_port.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slipway {
namespace {

TEST(HostPortTest, ReadsNamesAndAddresses) {
  const auto read = [](std::string_view text) { return ParseHostPort(text).value(); };
  EXPECT_EQ(read("slipway-reports.slipway-system.svc:8081"),
            (HostPort{"slipway-reports.slipway-system.svc", 8081}));
  EXPECT_EQ(read("10.0.0.1:65535"), (HostPort{"10.0.0.1", 65535}));
  EXPECT_EQ(read("[fd00::1]:1"), (HostPort{"fd00::1", 1}));
  EXPECT_EQ(read(":8082"), (HostPort{"", 8082}));
}

TEST(HostPortTest, RefusesWhatIsNone) {
  for (const std::string_view text :
       {"", ":", "host", "host:", "host:0", "host:65536", "host:-1", "host:+1", "host: 1",
        "host:1 ", "host:8o81", "fd00::1:8081", "[fd00::1]", "[]:1", "a b:1", "http://host:1",
        "a/b:1", "\xFF:1"}) {
    const auto where = ParseHostPort(text);
    ASSERT_FALSE(where) << text;
    EXPECT_EQ(where.error().code, Code::kInvalid);
    EXPECT_THAT(where.error().message, ::testing::HasSubstr("must be HOST:PORT with a port from"));
  }
  EXPECT_FALSE(ParseHostPort(std::string(254, 'a') + ":1"));
}

TEST(HostPortTest, IsTakenFromAUrl) {
  const auto read = [](std::string_view url) { return HostPortOfUrl(url).value(); };
  EXPECT_EQ(read("http://reports.ns.svc:8081"), (HostPort{"reports.ns.svc", 8081}));
  EXPECT_EQ(read("https://reports.corp/slipway"), (HostPort{"reports.corp", 443}));
  EXPECT_EQ(read("http://[fd00::1]"), (HostPort{"fd00::1", 80}));
  EXPECT_EQ(read("http://[fd00::1]:8081/"), (HostPort{"fd00::1", 8081}));
  for (const std::string_view url :
       {"", "http://", "http://:80", "ftp://a:1", "http://me@a:1", "a:1"})
    EXPECT_FALSE(HostPortOfUrl(url)) << url;
}

TEST(HostPortTest, IsWrittenAsItIsRead) {
  for (const std::string_view text : {"a.b:1", "[fd00::1]:8081", "10.0.0.1:80"})
    EXPECT_EQ(ToString(ParseHostPort(text).value()), text);
}

}  // namespace
}  // namespace slipway
