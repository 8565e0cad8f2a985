#include "operator/kube/proxy.hpp"

#include <gtest/gtest.h>

#include "tests/unit/kube/temp_directory.hpp"

namespace slipway {
namespace {

TEST(ProxyFor, FollowsNoProxyAsGoProgramsDo) {
  const struct {
    std::string server;
    std::string no_proxy;
    bool proxied;
  } cases[] = {
      {"https://api.example:6443", "", true},
      {"https://api.example:6443", "*", false},
      {"https://api.example:6443", "example", false},
      {"https://api.example:6443", ".example", false},
      {"https://api.example:6443", "*.example", false},
      {"https://example:6443", ".example", true},
      {"https://example:6443", "example", false},
      {"https://api.example:6443", "api.example", false},
      {"https://API.Example:6443", "api.EXAMPLE", false},
      {"https://api.example:6443", "pi.example", true},
      {"https://badexample:6443", "example", true},
      {"https://api.example:6443", "api.example:6443", false},
      {"https://api.example:6443", "api.example:443", true},
      {"https://api.example", "api.example:443", false},
      {"https://api.example/prefix", "api.example", false},
      {"https://api.example:6443", "other, , api.example ,more", false},
      {"https://10.1.2.3:6443", "10.0.0.0/8", false},
      {"https://11.1.2.3:6443", "10.0.0.0/8", true},
      {"https://10.1.2.3:6443", "10.1.2.3/32", false},
      {"https://10.1.2.4:6443", "10.1.2.3/32", true},
      {"https://10.1.2.3:6443", "0.0.0.0/0", false},
      {"https://10.1.2.3:6443", "10.1.2.3", false},
      {"https://10.1.2.3:6443", "2.3", true},
      {"https://10.1.2.3:6443", "10.0.0.0/33,x/8,10.0.0.0/", true},
      {"https://api.example:6443", "10.0.0.0/8", true},
      {"https://localhost:6443", "", false},
      {"https://127.0.0.1:6443", "", false},
  };
  for (const auto& test : cases) {
    const std::string proxy = ProxyFor(test.server, {"http://proxy:3128", test.no_proxy});
    EXPECT_EQ(proxy, test.proxied ? "http://proxy:3128" : "")
        << test.server << " with NO_PROXY=" << test.no_proxy;
  }
}

TEST(ProxyFor, IsNoneWithoutASetting) { EXPECT_EQ(ProxyFor("https://api:443", {"", "*"}), ""); }

TEST(ProxyFor, TakesAProxyWithoutSchemeAsHttp) {
  EXPECT_EQ(ProxyFor("https://api:443", {"proxy:3128", ""}), "http://proxy:3128");
}

TEST(ProxySettings, PrefersTheUpperCaseNames) {
  const testing::ScopedVariable upper("HTTPS_PROXY", "http://upper");
  const testing::ScopedVariable lower("https_proxy", "http://lower");
  const testing::ScopedVariable no_upper("NO_PROXY", nullptr);
  const testing::ScopedVariable no_lower("no_proxy", "b");
  const ProxySettings settings = ProxySettings::FromEnvironment();
  EXPECT_EQ(settings.https_proxy, "http://upper");
  EXPECT_EQ(settings.no_proxy, "b");
}

}  // namespace
}  // namespace slipway
