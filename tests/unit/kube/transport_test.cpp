#include "operator/kube/transport.hpp"

#include <openssl/crypto.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <future>

#include "tests/unit/kube/transport_fixture.hpp"

namespace slipway::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;

std::chrono::milliseconds Since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

/// The library's thread closes connections until the process is over; with OpenSSL's locks freed it
/// would spin for ever.
TEST(TransportLibraryDeathTest, OpenSslIsWholeUntilTheProcessIsOver) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto end = [] {
    InitTransportLibrary();
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);  // As any use of it does.
    OPENSSL_atexit([] { std::_Exit(7); });  // Called when OpenSSL is taken apart.
    std::exit(0);                           // NOLINT(concurrency-mt-unsafe): what is tested.
  };
  EXPECT_EXIT(end(), ::testing::ExitedWithCode(0), "");
}

TEST_F(TransportTest, SendsWhatItIsGivenAndReturnsTheAnswer) {
  std::promise<SeenRequest> seen;
  std::promise<std::string> peer;
  Serve([&](Connection& connection) {
    seen.set_value(*connection.Read());
    peer.set_value(connection.PeerName());
    connection.Answer(201, "created");
    connection.WaitForEnd();
  });
  Credentials credentials = Alice();
  credentials.token = "secret-token";
  credentials_ = std::make_shared<SettableCredentials>(credentials);
  HttpRequest request = Post("{\"a\":1}");
  request.target = "/api/v1/pods?fieldManager=a%2Fb&labelSelector=x%3Dy";
  const auto answer = Connect()->Send(request, 1s);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "created");
  const SeenRequest got = seen.get_future().get();
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, request.target);
  EXPECT_EQ(got.body, "{\"a\":1}");
  EXPECT_EQ(got.Header("Content-Type"), "application/json");
  EXPECT_EQ(got.Header("Accept"), "application/json");
  EXPECT_EQ(got.Header("Authorization"), "Bearer secret-token");
  EXPECT_EQ(got.Header("User-Agent"), "slipway/" SLIPWAY_VERSION);
  EXPECT_EQ(peer.get_future().get(), "alice");
}

TEST_F(TransportTest, HeadersOfARequestComeInPlaceOfTheUsualOnes) {
  std::promise<SeenRequest> seen;
  Serve([&](Connection& connection) {
    seen.set_value(*connection.Read());
    connection.Answer(200, "");
    connection.WaitForEnd();
  });
  HttpRequest request = Get();
  request.headers = {{"Accept", "application/xml"}, {"Authorization", "SharedKey a:b="}};
  ASSERT_TRUE(Connect()->Send(request, 1s));
  const SeenRequest got = seen.get_future().get();
  EXPECT_EQ(got.Header("Accept"), "application/xml");
  EXPECT_EQ(got.Header("Authorization"), "SharedKey a:b=");
}

TEST_F(TransportTest, KeepsAPathPrefixOfTheServer) {
  ServeEach([](Connection& connection, const SeenRequest& request) {
    connection.Answer(200, request.target);
  });
  TransportOptions options;
  options.server = server_->url() + "/k8s/clusters/c-1";
  EXPECT_EQ(Connect(options)->Send(Get("/api/v1/pods?limit=5"), 1s)->body,
            "/k8s/clusters/c-1/api/v1/pods?limit=5");
}

TEST_F(TransportTest, ReusesOneConnectionForRequestsOneAfterTheOther) {
  ServeEach([](Connection& connection, const SeenRequest&) { connection.Answer(200, "{}"); });
  const auto transport = Connect();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(transport->Send(Get(), 1s));
  EXPECT_EQ(server_->accepted(), 1);
}

TEST_F(TransportTest, ReadsChunkedAnswers) {
  ServeEach([](Connection& connection, const SeenRequest&) {
    connection.StartChunks();
    for (int i = 0; i < 100; ++i)
      connection.Chunk(std::string(1000, static_cast<char>('a' + i % 26)));
    connection.Chunk("");
  });
  const auto answer = Connect()->Send(Get(), 1s);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body.size(), 100'000U);
  EXPECT_EQ(answer->body[99'999], 'v');
}

TEST_F(TransportTest, RefusesAServerOfAnotherAuthority) {
  const TestAuthority other("other CA");
  server_identity_ = other.Issue("server", "IP:127.0.0.1");
  Serve([](Connection& connection) { connection.WaitForEnd(); });
  const auto answer = Connect()->Send(Get(), 1s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message,
              AllOf(HasSubstr("was not reached"), HasSubstr("certificate verify failed"),
                    HasSubstr("unable to get local issuer certificate")));
}

TEST_F(TransportTest, TrustsNoAuthorityOfTheMachine) {
  const TestAuthority machine_ca("machine CA");
  server_identity_ = machine_ca.Issue("server", "IP:127.0.0.1");
  Serve([](Connection& connection) { connection.WaitForEnd(); });
  const auto transport = Connect();
  // As if this authority were installed on the machine: the library loads it into each context.
  const std::string file = ::testing::TempDir() + "machine_ca.pem";
  std::ofstream(file) << machine_ca.pem();
  const std::string hidden = std::getenv("SSL_CERT_FILE");
  setenv("SSL_CERT_FILE", file.c_str(), 1);
  const auto answer = transport->Send(Get(), 1s);
  setenv("SSL_CERT_FILE", hidden.c_str(), 1);
  std::remove(file.c_str());
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("certificate verify failed"));
}

TEST_F(TransportTest, RefusesACertificateForAnotherHost) {
  server_identity_ = ca_.Issue("server", "DNS:api.example");
  ServeEach([](Connection& connection, const SeenRequest&) { connection.Answer(200, "{}"); });
  const auto answer = Connect()->Send(Get(), 1s);
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("the certificate is not for this host name"));
  TransportOptions options;
  options.tls_server_name = "api.example";
  EXPECT_TRUE(Connect(options)->Send(Get(), 1s));
}

TEST_F(TransportTest, SaysWhyTheServerRefusesTheClient) {
  const TestAuthority other("other CA");
  const Identity mallory = other.Issue("mallory");
  ServeEach([](Connection& connection, const SeenRequest&) { connection.Answer(200, "{}"); });
  credentials_ = std::make_shared<SettableCredentials>(
      Credentials{ca_.pem(), mallory.certificate_pem, mallory.key_pem, ""});
  const auto answer = Connect()->Send(Get(), 1s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message,
              AnyOf(HasSubstr("alert unknown ca"), HasSubstr("the connection broke")));
}

TEST_F(TransportTest, SaysThatNobodyListens) {
  Serve([](Connection&) {});
  const std::string url = server_->url();
  server_.reset();
  TransportOptions options;
  options.server = url;
  const auto answer = Connect(options)->Send(Get(), 1s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr(url + " was not reached"));
}

TEST_F(TransportTest, ReportsATruncatedBody) {
  for (const std::string head :
       {"Content-Length: 100\r\n\r\nshort", "Transfer-Encoding: chunked\r\n\r\n64\r\nshort",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"}) {
    Serve([&head](Connection& connection) {
      connection.Read();
      connection.Write("HTTP/1.1 200 OK\r\n" + head);
    });
    const auto answer = Connect()->Send(Get(), 1s);
    ASSERT_FALSE(answer) << head;
    EXPECT_EQ(answer.error().code, Code::kUnavailable);
    EXPECT_THAT(answer.error().message, HasSubstr("broke during the answer"));
  }
}

TEST_F(TransportTest, RepeatsOnceWhenTheConnectionBreaksBeforeAnAnswer) {
  std::atomic<int> requests{0};
  Serve([&](Connection& connection) {
    while (connection.Read()) {
      if (++requests == 1) return connection.Reset();
      connection.Answer(200, "second");
    }
  });
  const auto answer = Connect()->Send(Post("{}"), 1s);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "second");
  EXPECT_EQ(requests, 2);
}

TEST_F(TransportTest, GivesUpWhenTheConnectionBreaksTwice) {
  std::atomic<int> requests{0};
  Serve([&](Connection& connection) {
    while (connection.Read()) {
      ++requests;
      return connection.Reset();
    }
  });
  const auto answer = Connect()->Send(Post("{}"), 1s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("broke before an answer"));
  EXPECT_EQ(requests, 2);
}

TEST_F(TransportTest, SurvivesThatAllPooledConnectionsAreDead) {
  ServeEach([](Connection& connection, const SeenRequest& request) {
    connection.Pause(20ms);
    connection.Answer(200, request.body);
  });
  const auto transport = Connect();
  std::vector<std::future<Result<HttpResponse>>> answers;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 8; ++i) {
      answers.push_back(std::async(
          std::launch::async, [&, i] { return transport->Send(Post(std::to_string(i)), 1s); }));
    }
    for (auto& answer : answers) {
      const auto result = answer.get();
      EXPECT_TRUE(result) << "round " << round << ": " << result.error().message;
    }
    answers.clear();
    server_->DropConnections();
    std::this_thread::sleep_for(20ms);
  }
}

TEST_F(TransportTest, GivesUpAtTheDeadlineWhenTheServerIsSilent) {
  Serve([](Connection& connection) {
    connection.Read();
    connection.WaitForEnd();
  });
  const auto start = std::chrono::steady_clock::now();
  const auto answer = Connect()->Send(Get("/silent"), 200ms);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kTimeout);
  EXPECT_EQ(answer.error().message, "no answer to GET /silent within 1 s");
  EXPECT_LT(Since(start), 1s);
}

TEST_F(TransportTest, GivesUpAtTheDeadlineWhenTheServerTrickles) {
  for (const std::string beginning : {"", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    Serve([&](Connection& connection) {
      connection.Read();
      connection.Write(beginning);
      const std::string trickle = beginning.ends_with("chunked\r\n\r\n") ? "1\r\nx\r\n" : "x";
      while (connection.Write(trickle) && connection.Pause(20ms)) {
      }
    });
    const auto start = std::chrono::steady_clock::now();
    const auto answer = Connect()->Send(Get(), 200ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Code::kTimeout) << beginning;
    EXPECT_LT(Since(start), 1s);
  }
}

TEST_F(TransportTest, HandsOutRetryAfterAndWaitsForNothing) {
  ServeEach([](Connection& connection, const SeenRequest&) {
    connection.Answer(429, "slow down", "Retry-After: 7\r\n");
  });
  const auto answer = Connect()->Send(Get(), 1s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(answer->retry_after, 7s);
}

TEST_F(TransportTest, FollowsNoRedirect) {
  std::atomic<int> requests{0};
  ServeEach([&](Connection& connection, const SeenRequest&) {
    ++requests;
    connection.Answer(302, "", "Location: " + server_->url() + "/elsewhere\r\n");
  });
  const auto answer = Connect()->Send(Get(), 1s);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(requests, 1);
}

TEST_F(TransportTest, RefusesABodyBeyondTheLimit) {
  ServeEach([](Connection& connection, const SeenRequest& request) {
    const std::string big(200'000, 'x');
    if (request.target == "/length") {
      connection.Answer(200, big);
    } else {
      connection.StartChunks();
      for (int i = 0; i < 10 && connection.Chunk(big); ++i) {
      }
      connection.Chunk("");
    }
  });
  TransportOptions options;
  options.max_body_bytes = 150'000;
  const auto transport = Connect(options);
  for (const auto* target : {"/length", "/chunks"}) {
    const auto answer = transport->Send(Get(target), 1s);
    ASSERT_FALSE(answer) << target;
    EXPECT_EQ(answer.error().code, Code::kTooLarge);
    EXPECT_THAT(answer.error().message, HasSubstr("larger than 150000 bytes"));
  }
}

TEST_F(TransportTest, OpensNoMoreConnectionsThanAllowed) {
  ServeEach([](Connection& connection, const SeenRequest&) {
    connection.Pause(5ms);
    connection.Answer(200, "{}");
  });
  TransportOptions options;
  options.max_connections = 3;
  const auto transport = Connect(options);
  std::atomic<int> good{0};
  std::promise<void> all;
  std::atomic<int> left{60};
  for (int i = 0; i < 60; ++i) {
    transport->SendAsync(Get(), 2s, [&](const Result<HttpResponse>& answer) {
      if (answer) ++good;
      if (--left == 0) all.set_value();
    });
  }
  all.get_future().wait();
  EXPECT_EQ(good, 60);
  EXPECT_LE(server_->most_open(), 3);
  EXPECT_LE(server_->accepted(), 3) << "a waiting request must find the connection in the pool";
}

TEST_F(TransportTest, ASlowNamespaceDoesNotHoldUpTheOthers) {
  ServeEach([](Connection& connection, const SeenRequest& request) {
    if (request.target == "/slow") connection.Pause(200ms);
    connection.Answer(200, "{}");
  });
  TransportOptions options;
  options.max_connections = 6;
  const auto transport = Connect(options);
  constexpr int kSlow = 30;
  std::atomic<int> slow_answers{0};
  std::promise<void> all;
  for (int i = 0; i < kSlow; ++i) {
    HttpRequest request = Get("/slow");
    request.ns = "slow";
    transport->SendAsync(std::move(request), 20s, [&](const Result<HttpResponse>&) {
      if (++slow_answers == kSlow) all.set_value();
    });
  }
  HttpRequest request = Get("/fast");
  request.ns = "fast";
  EXPECT_TRUE(transport->Send(std::move(request), 20s));
  EXPECT_LT(slow_answers, kSlow / 2) << "it must not wait for those that came before it";
  all.get_future().wait();
}

TEST_F(TransportTest, SaysThatTheTimeWentByInTheQueue) {
  Serve([](Connection& connection) { connection.WaitForEnd(); });
  TransportOptions options;
  options.max_connections = 1;
  const auto transport = Connect(options);
  std::promise<Result<HttpResponse>> first;
  transport->SendAsync(Get(), 400ms, [&](auto answer) { first.set_value(std::move(answer)); });
  const auto second = transport->Send(Get("/second"), 100ms);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kTimeout);
  EXPECT_THAT(second.error().message, HasSubstr("waiting for a free connection"));
  EXPECT_FALSE(first.get_future().get());
}

TEST_F(TransportTest, AnswersEveryRequestBeforeItIsGone) {
  Serve([](Connection& connection) { connection.WaitForEnd(); });
  TransportOptions options;
  options.max_connections = 2;
  auto transport = Connect(options);
  std::atomic<int> refused{0};
  for (int i = 0; i < 5; ++i) {
    transport->SendAsync(Get(), 10s, [&](const Result<HttpResponse>& answer) {
      if (!answer && answer.error().code == Code::kUnavailable) ++refused;
    });
  }
  transport.reset();
  EXPECT_EQ(refused, 5);
}

}  // namespace
}  // namespace slipway::testing
