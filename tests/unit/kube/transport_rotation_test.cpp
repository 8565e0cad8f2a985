#include <atomic>
#include <mutex>

#include "tests/unit/kube/transport_fixture.hpp"

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RotationTest : public TransportTest {
 protected:
  /// Answers with the name in the client's certificate and the token.
  void ServeIdentity() {
    ServeEach([](Connection& connection, const SeenRequest& request) {
      connection.Answer(200, connection.PeerName() + " " + request.Header("Authorization"));
    });
  }
  static std::string Ask(Transport& transport) {
    const auto answer = transport.Send(Get(), 1s);
    return answer ? answer->body : answer.error().message;
  }
};

TEST_F(RotationTest, UsesANewTokenOnTheSameConnection) {
  ServeIdentity();
  const auto transport = Connect();
  EXPECT_EQ(Ask(*transport), "alice ");
  Credentials next = Alice();
  next.token = "t2";
  credentials_->Set(next);
  EXPECT_EQ(Ask(*transport), "alice Bearer t2");
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(RotationTest, UsesANewCertificateFromTheNextRequestOn) {
  ServeIdentity();
  const auto transport = Connect();
  EXPECT_EQ(Ask(*transport), "alice ");
  const Identity bob = ca_.Issue("bob");
  credentials_->Set({ca_.pem(), bob.certificate_pem, bob.key_pem, ""});
  EXPECT_EQ(Ask(*transport), "bob ");
  EXPECT_EQ(server_->accepted(), 2);
}

TEST_F(RotationTest, AcceptsOldAndNewAuthorityWhileBothAreGiven) {
  const TestAuthority next("next CA");
  ServeIdentity();
  const auto transport = Connect();
  EXPECT_EQ(Ask(*transport), "alice ");
  Credentials both = Alice();
  both.ca_pem = next.pem() + ca_.pem();
  credentials_->Set(both);
  EXPECT_EQ(Ask(*transport), "alice ");
  server_->SetIdentity(next.Issue("server", "IP:127.0.0.1"));
  server_->DropConnections();
  EXPECT_EQ(Ask(*transport), "alice ");
  Credentials only_new = Alice();
  only_new.ca_pem = next.pem();
  credentials_->Set(only_new);
  EXPECT_EQ(Ask(*transport), "alice ");
  Credentials only_old = Alice();
  credentials_->Set(only_old);
  EXPECT_THAT(Ask(*transport), HasSubstr("certificate verify failed"));
}

TEST_F(RotationTest, KeepsTheFormerCertificateWhenTheNewOneIsUnusable) {
  ServeIdentity();
  const auto transport = Connect();
  const Identity bob = ca_.Issue("bob");
  // As seen between the writing of two files: a certificate with the key of another.
  credentials_->Set({ca_.pem(), bob.certificate_pem, alice_.key_pem, "t"});
  EXPECT_EQ(Ask(*transport), "alice Bearer t");
  credentials_->Set({ca_.pem(), bob.certificate_pem, bob.key_pem, "t"});
  EXPECT_EQ(Ask(*transport), "bob Bearer t");
}

TEST_F(RotationTest, RefusesCredentialsThatCannotWorkAtTheStart) {
  Serve([](Connection&) {});
  const Identity bob = ca_.Issue("bob");
  const struct {
    Credentials credentials;
    std::string complaint;
  } cases[] = {
      {{"", "", "", "t"}, "no certificate authority is given"},
      {{"garbage", "", "", ""}, "the certificate authority has no \"-----BEGIN CERTIFICATE-----\""},
      {{ca_.pem() + "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "", "", ""},
       "certificate 2 of the certificate authority cannot be read"},
      {{ca_.pem(), bob.certificate_pem, "", ""}, "a client certificate is given without its key"},
      {{ca_.pem(), "", bob.key_pem, ""}, "a client key is given without its certificate"},
      {{ca_.pem(), bob.certificate_pem, alice_.key_pem, ""},
       "the client key does not belong to the client certificate"},
      {{ca_.pem(), bob.certificate_pem, "garbage", ""}, "the client key cannot be read"},
  };
  for (const auto& test : cases) {
    credentials_ = std::make_shared<SettableCredentials>(test.credentials);
    const auto transport = TryConnect({});
    ASSERT_FALSE(transport) << test.complaint;
    EXPECT_EQ(transport.error().code, Code::kInvalid);
    EXPECT_THAT(transport.error().message, HasSubstr(test.complaint));
  }
}

TEST_F(RotationTest, RefusesAddressesThatCannotWork) {
  const struct {
    std::string server;
    std::string proxy;
    std::string complaint;
  } cases[] = {
      {"api.example:6443", "", "is no https:// address"},
      {"ftp://api.example", "", "is no https:// address"},
      {"https://", "", "https://"},
      {"http://api.example:8080", "", "not encrypted"},
      {"https://[::1]:6443", "", "bare IPv6 address"},
      {"https://api.example", "socks5://p:1", "no http:// address"},
      {"https://api.example", "https://p:1", "no http:// address"},
  };
  for (const auto& test : cases) {
    TransportOptions options;
    options.server = test.server;
    options.proxy = test.proxy;
    const auto transport = TryConnect(options);
    ASSERT_FALSE(transport) << test.server;
    EXPECT_EQ(transport.error().code, Code::kInvalid);
    EXPECT_THAT(transport.error().message, HasSubstr(test.complaint));
  }
}

TEST_F(RotationTest, SpeaksPlainHttpToOthersWhenThatIsAllowed) {
  TransportOptions options;
  options.server = "http://api.example:8080";
  options.may_be_plain = true;
  EXPECT_TRUE(TryConnect(options));
}

TEST_F(RotationTest, SpeaksPlainHttpOnThisMachine) {
  server_ = std::make_unique<ScriptedServer>(std::nullopt, "", [](Connection& connection) {
    while (connection.Read()) connection.Answer(200, "plain");
  });
  EXPECT_EQ(Ask(*Connect()), "plain");
}

TEST_F(RotationTest, GoesThroughAProxyWithoutShowingItTheToken) {
  ServeIdentity();
  std::mutex mutex;
  std::vector<std::string> asked;
  ScriptedServer proxy(std::nullopt, "", [&](Connection& connection) {
    const auto request = connection.Read();
    {
      const std::lock_guard lock(mutex);
      asked.push_back(request->method + " " + request->target + " " +
                      request->Header("Proxy-Authorization") + request->Header("Authorization"));
    }
    connection.Write("HTTP/1.1 200 OK\r\n\r\n");
    connection.TunnelTo(server_->port());
  });
  Credentials credentials = Alice();
  credentials.token = "t";
  credentials_ = std::make_shared<SettableCredentials>(credentials);
  TransportOptions options;
  options.proxy = "http://user:p%40ss@127.0.0.1:" + std::to_string(proxy.port());
  const auto transport = Connect(options);
  EXPECT_EQ(Ask(*transport), "alice Bearer t");
  EXPECT_EQ(Ask(*transport), "alice Bearer t");
  const std::lock_guard lock(mutex);
  // dXNlcjpwQHNz is base64 of user:p@ss.
  EXPECT_THAT(asked, ElementsAre("CONNECT 127.0.0.1:" + std::to_string(server_->port()) +
                                 " Basic dXNlcjpwQHNz"));
}

}  // namespace
}  // namespace slipway::testing
