#include "operator/kube/client.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <map>
#include <thread>

namespace slipway {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Answers by target: each request takes the next answer of its queue.
class FakeTransport final : public Transport {
 public:
  void SendAsync(HttpRequest request, std::chrono::milliseconds deadline,
                 std::function<void(Result<HttpResponse>)> done) override {
    if (on_send) on_send();
    sent.push_back(request.target);
    deadlines.push_back(deadline);
    auto& queue = answers[request.target];
    Result<HttpResponse> answer = Fail(Code::kInternal, "no answer prepared");
    if (!queue.empty()) {
      answer = queue.front();
      queue.pop_front();
    }
    done(std::move(answer));
  }
  Result<void> Stream(HttpRequest, StreamLimits, std::stop_token,
                      std::function<void(std::string_view)> sink) override {
    if (stream_end) sink("bytes");
    return stream_end;
  }

  std::map<std::string, std::deque<Result<HttpResponse>>> answers;
  std::vector<std::string> sent;
  std::vector<std::chrono::milliseconds> deadlines;
  Result<void> stream_end;
  std::function<void()> on_send;
};

class FakeCredentials final : public CredentialSource {
 public:
  std::shared_ptr<const Credentials> Current() override { return current; }
  bool Refresh() override {
    ++refreshed;
    return changes;
  }
  std::shared_ptr<const Credentials> current = std::make_shared<const Credentials>();
  int refreshed = 0;
  bool changes = true;
};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() {
    auto transport = std::make_unique<FakeTransport>();
    transport_ = transport.get();
    client_ = std::make_unique<Client>(kHomeCluster, std::move(transport), credentials_, metrics_,
                                       clock_);
  }

  void Answer(const std::string& target, Result<HttpResponse> answer) {
    transport_->answers[target].push_back(std::move(answer));
  }
  static HttpRequest Read(const std::string& target) {
    return {HttpRequest::Method::kGet, target, "", "", "get", "pods"};
  }
  static HttpRequest Write(const std::string& target) {
    return {HttpRequest::Method::kPost, target, "application/json", "{}", "create", "pods"};
  }

  SystemClock clock_;
  Metrics metrics_{clock_};
  std::shared_ptr<FakeCredentials> credentials_ = std::make_shared<FakeCredentials>();
  FakeTransport* transport_ = nullptr;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, ReturnsASuccessAsItIs) {
  Answer("/a", HttpResponse{201, "body"});
  const auto answer = client_->Send(Write("/a"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "body");
}

TEST_F(ClientTest, TurnsEveryOtherStatusIntoItsError) {
  Answer("/a", HttpResponse{409, R"({"kind":"Status","reason":"AlreadyExists","message":"m"})"});
  const auto answer = client_->Send(Write("/a"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kAlreadyExists);
  EXPECT_EQ(answer.error().message, "m");
}

TEST_F(ClientTest, LogsInAgainOnceAfterA401) {
  Answer("/a", HttpResponse{401, ""});
  Answer("/a", HttpResponse{200, "in"});
  EXPECT_EQ(client_->Send(Write("/a"))->body, "in");
  EXPECT_EQ(credentials_->refreshed, 1);
  Answer("/b", HttpResponse{401, ""});
  Answer("/b", HttpResponse{401, ""});
  Answer("/b", HttpResponse{200, "never asked"});
  EXPECT_EQ(client_->Send(Write("/b")).error().code, Code::kUnauthorized);
  EXPECT_EQ(credentials_->refreshed, 2);
}

TEST_F(ClientTest, DoesNotRepeatWithTheCredentialsThatWereRefused) {
  credentials_->changes = false;
  Answer("/a", HttpResponse{401, ""});
  EXPECT_EQ(client_->Send(Write("/a")).error().code, Code::kUnauthorized);
  EXPECT_THAT(transport_->sent, ElementsAre("/a"));
}

TEST_F(ClientTest, RepeatsWithCredentialsThatWereRenewedMeanwhile) {
  credentials_->changes = false;
  transport_->on_send = [this] { credentials_->current = std::make_shared<const Credentials>(); };
  Answer("/a", HttpResponse{401, ""});
  Answer("/a", HttpResponse{200, "in"});
  EXPECT_EQ(client_->Send(Write("/a"))->body, "in");
}

TEST_F(ClientTest, RepeatsAReadOnceWhenTheServerIsAway) {
  Answer("/a", Fail(Code::kUnavailable, "m"));
  Answer("/a", HttpResponse{200, "back"});
  EXPECT_EQ(client_->Send(Read("/a"))->body, "back");
  Answer("/b", HttpResponse{503, ""});
  Answer("/b", HttpResponse{503, ""});
  Answer("/b", HttpResponse{200, "never asked"});
  EXPECT_EQ(client_->Send(Read("/b")).error().code, Code::kUnavailable);
}

TEST_F(ClientTest, DoesNotRepeatAWriteOfUnknownOutcome) {
  Answer("/a", Fail(Code::kTimeout, "m"));
  EXPECT_EQ(client_->Send(Write("/a")).error().code, Code::kTimeout);
  EXPECT_THAT(transport_->sent, ElementsAre("/a"));
}

TEST_F(ClientTest, WaitsAsLongAsAThrottlingServerAsks) {
  Answer("/a", HttpResponse{429, "", 1s});
  Answer("/a", HttpResponse{200, "now"});
  const auto start = clock_.Steady();
  EXPECT_EQ(client_->Send(Write("/a"))->body, "now");
  EXPECT_GE(clock_.Steady() - start, 1s);
  EXPECT_LT(clock_.Steady() - start, 1800ms);
}

TEST_F(ClientTest, ReturnsAThrottlingThatOutlastsTheDeadlineAtOnce) {
  Answer("/a", HttpResponse{429, "", 30s});
  const auto start = clock_.Steady();
  const auto answer = client_->Send(Write("/a"), 2s);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::kThrottled);
  EXPECT_EQ(answer.error().retry_after, 30s);
  EXPECT_LT(clock_.Steady() - start, 1s);
}

TEST_F(ClientTest, GivesAThrottlingWithoutHintOne) {
  Answer("/a", HttpResponse{429, ""});
  EXPECT_EQ(client_->Send(Write("/a"), 100ms).error().retry_after, 1s);
}

TEST_F(ClientTest, KeepsTheOrderAndRepeatsOnlyWhatFailed) {
  Answer("/a", HttpResponse{200, "a"});
  Answer("/b", Fail(Code::kUnavailable, "m"));
  Answer("/b", HttpResponse{200, "b"});
  Answer("/c", HttpResponse{404, ""});
  const auto answers = client_->SendAll({Read("/a"), Read("/b"), Read("/c")});
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0]->body, "a");
  EXPECT_EQ(answers[1]->body, "b");
  EXPECT_EQ(answers[2].error().code, Code::kKindNotServed);
  EXPECT_THAT(transport_->sent, ElementsAre("/a", "/b", "/c", "/b"));
}

TEST_F(ClientTest, SendsNothingWhenThereIsNothing) { EXPECT_TRUE(client_->SendAll({}).empty()); }

TEST_F(ClientTest, GivesARepetitionOnlyTheTimeThatIsLeft) {
  Answer("/a", HttpResponse{429, "", 1s});
  Answer("/a", HttpResponse{200, ""});
  client_->Send(Read("/a"), 3s);
  ASSERT_EQ(transport_->deadlines.size(), 2U);
  EXPECT_LE(transport_->deadlines[0], 3s);
  EXPECT_LE(transport_->deadlines[1], 2s);
}

TEST_F(ClientTest, PassesAStreamThrough) {
  std::string bytes;
  EXPECT_TRUE(client_->Stream(Read("/w"), {}, {}, [&](std::string_view b) { bytes += b; }));
  EXPECT_EQ(bytes, "bytes");
  EXPECT_EQ(credentials_->refreshed, 0);
}

TEST_F(ClientTest, ReadsTheCredentialsAgainWhenAStreamIsRefused) {
  transport_->stream_end = Fail(Code::kUnauthorized, "m");
  EXPECT_FALSE(client_->Stream(Read("/w"), {}, {}, [](std::string_view) {}));
  EXPECT_EQ(credentials_->refreshed, 1);
}

TEST_F(ClientTest, KnowsAClusterByItsSystemNamespace) {
  const std::string target = "/api/v1/namespaces/kube-system";
  Answer(target, HttpResponse{200, R"({"metadata":{"name":"kube-system","uid":"u-1"}})"});
  EXPECT_EQ(client_->ClusterUid(), "u-1");
  Answer(target, HttpResponse{200, "{}"});
  EXPECT_EQ(client_->ClusterUid().error().code, Code::kInternal);
  Answer(target, HttpResponse{200, "<html>"});
  EXPECT_EQ(client_->ClusterUid().error().code, Code::kInternal);
  Answer(target, HttpResponse{403, ""});
  EXPECT_EQ(client_->ClusterUid().error().code, Code::kForbidden);
}

TEST_F(ClientTest, WritesNothingOnceTheAddressLeadsToAnotherCluster) {
  const std::string target = "/api/v1/namespaces/kube-system";
  Answer(target, HttpResponse{200, R"({"metadata":{"uid":"u-1"}})"});
  EXPECT_TRUE(client_->ConfirmCluster());
  Answer(target, HttpResponse{403, ""});
  EXPECT_TRUE(client_->ConfirmCluster()) << "what cannot be read is no other cluster";
  Answer(target, HttpResponse{200, R"({"metadata":{"uid":"u-1"}})"});
  EXPECT_TRUE(client_->ConfirmCluster());
  EXPECT_FALSE(client_->Frozen());

  Answer(target, HttpResponse{200, R"({"metadata":{"uid":"u-2"}})"});
  EXPECT_THAT(client_->ConfirmCluster().error().message, HasSubstr("another cluster"));
  EXPECT_TRUE(client_->Frozen());
  transport_->sent.clear();
  Answer("/r", HttpResponse{200, "read"});
  const auto answers = client_->SendAll({Write("/w"), Read("/r")});
  EXPECT_EQ(answers[0].error().code, Code::kUnavailable);
  EXPECT_THAT(answers[0].error().message, HasSubstr("until the operator is restarted"));
  EXPECT_EQ(answers[1]->body, "read");
  EXPECT_THAT(transport_->sent, ElementsAre("/r"));
}

TEST_F(ClientTest, BoundsTheRateOfRequests) {
  const auto burst = static_cast<std::size_t>(Client::kRequestBurst);
  const auto start = clock_.Steady();
  client_->SendAll(std::vector<HttpRequest>(burst + 100, Read("/a")));
  EXPECT_GE(clock_.Steady() - start, 100ms);
}

TEST_F(ClientTest, MeasuresEveryTry) {
  Answer("/a", Fail(Code::kUnavailable, "m"));
  Answer("/a", HttpResponse{200, ""});
  client_->Send(Read("/a"));
  const std::string text = metrics_.Render();
  for (const auto* code : {"200", "Unavailable"}) {
    EXPECT_THAT(text, HasSubstr("slipway_api_request_duration_seconds_count{code=\"" +
                                std::string(code) + "\",resource=\"pods\",verb=\"get\"} 1\n"));
  }
}

}  // namespace
}  // namespace slipway
