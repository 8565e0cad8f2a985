#include "operator/worker/web_client.hpp"

#include <gtest/gtest.h>

namespace slipway::worker {
namespace {

TEST(WebClient, AnAddressHasParts) {
  const auto address = ParseAddress("https://git.example.com:8443/risk/churn.git/");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->server, "https://git.example.com:8443");
  EXPECT_EQ(address->host, "git.example.com:8443");
  EXPECT_EQ(address->path, "/risk/churn.git");
  EXPECT_FALSE(address->plain);
  EXPECT_EQ(ParseAddress("http://minio.storage:9000")->path, "");
  EXPECT_TRUE(ParseAddress("http://minio.storage:9000")->plain);
  EXPECT_FALSE(ParseAddress("http://127.0.0.1:9000")->plain);
  EXPECT_TRUE(ParseAddress("http://127.example.com")->plain);
}

TEST(WebClient, WhatIsNoAddressIsRefused) {
  for (const char* url : {"", "ssh://git@host/x", "https://", "https://u:p@host/x", "host/x"}) {
    EXPECT_FALSE(ParseAddress(url)) << url;
  }
}

TEST(WebClient, AStatusIsExplainedWithTheWayOut) {
  EXPECT_NE(
      WebClient::Explain(403, "AccessDenied: no").find("403 AccessDenied: no: check that the"),
      std::string::npos);
  EXPECT_NE(WebClient::Explain(301, "").find("redirect"), std::string::npos);
}

TEST(WebClient, ACaFileThatIsNotThereIsNamed) {
  const auto client = WebClient::Open(*ParseAddress("https://h/x"), "/absent/ca.crt", 1000);
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message.find("/absent/ca.crt"), std::string::npos);
}

}  // namespace
}  // namespace slipway::worker
