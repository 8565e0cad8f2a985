#pragma once

#include <gmock/gmock.h>

#include <memory>
#include <mutex>
#include <string>

#include "operator/kube/transport.hpp"
#include "tests/unit/kube/scripted_server.hpp"

namespace slipway::testing {

/// Credentials that a test changes.
class SettableCredentials final : public CredentialSource {
 public:
  explicit SettableCredentials(Credentials credentials) { Set(std::move(credentials)); }
  void Set(Credentials credentials) {
    const std::lock_guard lock(mutex_);
    current_ = std::make_shared<const Credentials>(std::move(credentials));
  }
  std::shared_ptr<const Credentials> Current() override {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  bool Refresh() override { return false; }

 private:
  std::mutex mutex_;
  std::shared_ptr<const Credentials> current_;
};

/// One authority for everything, a server per test, and a transport to it.
class TransportTest : public ::testing::Test {
 protected:
  using Connection = ScriptedServer::Connection;

  TransportTest()
      : ca_("test CA"),
        server_identity_(ca_.Issue("server", "IP:127.0.0.1")),
        alice_(ca_.Issue("alice")) {}

  void Serve(ScriptedServer::Script script) {
    server_ = std::make_unique<ScriptedServer>(server_identity_, ca_.pem(), std::move(script));
  }
  /// Answers every request of every connection by `answer`.
  void ServeEach(std::function<void(Connection&, const SeenRequest&)> answer) {
    Serve([answer = std::move(answer)](Connection& connection) {
      while (const auto request = connection.Read()) answer(connection, *request);
    });
  }

  Credentials Alice() const { return {ca_.pem(), alice_.certificate_pem, alice_.key_pem, ""}; }

  Result<std::unique_ptr<Transport>> TryConnect(TransportOptions options) {
    if (!credentials_) credentials_ = std::make_shared<SettableCredentials>(Alice());
    if (options.server.empty()) options.server = server_->url();
    return MakeCpprestTransport(std::move(options), credentials_);
  }
  std::unique_ptr<Transport> Connect(TransportOptions options = {}) {
    auto transport = TryConnect(std::move(options));
    EXPECT_TRUE(transport) << transport.error().message;
    return transport ? std::move(*transport) : nullptr;
  }

  static HttpRequest Get(const std::string& target = "/x") {
    return {HttpRequest::Method::kGet, target, "", "", "get", "x"};
  }
  static HttpRequest Post(const std::string& body) {
    return {HttpRequest::Method::kPost, "/x", "application/json", body, "create", "x"};
  }

  TestAuthority ca_;
  Identity server_identity_;
  Identity alice_;
  std::shared_ptr<SettableCredentials> credentials_;
  std::unique_ptr<ScriptedServer> server_;
};

}  // namespace slipway::testing
