#include "operator/run/leader.hpp"

#include <gmock/gmock.h>

#include <atomic>

#include "tests/unit/run/eventually.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;
using ::testing::Each;
using ::testing::Le;

constexpr LeaseTimes kTimes{600ms, 450ms, 50ms, 10ms};

/// A Lease with optimistic locking, as the API server keeps it.
class LeaseServer {
 public:
  Result<HttpResponse> Answer(const HttpRequest& request) {
    const MutexLock lock(mutex_);
    if (away_) return Fail(Code::kTimeout, "no answer");
    if (request.method == HttpRequest::Method::kGet) return Reply(lease_.empty() ? 404 : 200);
    const auto sent = nlohmann::json::parse(request.body);
    const bool update = request.method == HttpRequest::Method::kPut;
    if (update && (conflicts_ > 0 || sent["metadata"]["resourceVersion"] != Version())) {
      conflicts_ -= conflicts_ > 0 ? 1 : 0;
      return HttpResponse{409, R"({"kind":"Status","reason":"Conflict"})", {}};
    }
    Store(sent);
    return Reply(200);
  }
  void SetAway(bool away) {
    const MutexLock lock(mutex_);
    away_ = away;
  }
  void RefuseUpdates(int count) {
    const MutexLock lock(mutex_);
    conflicts_ = count;
  }
  void GiveTo(const std::string& holder) {
    const MutexLock lock(mutex_);
    nlohmann::json taken = lease_;
    taken["spec"]["holderIdentity"] = holder;
    taken["spec"]["leaseDurationSeconds"] = 60;
    Store(taken);
  }
  std::string Holder() {
    const MutexLock lock(mutex_);
    return lease_.empty() ? "" : lease_["spec"]["holderIdentity"].get<std::string>();
  }
  std::string AuditHead() {
    const MutexLock lock(mutex_);
    const nlohmann::json::json_pointer head("/metadata/annotations/slipway.dev~1audit-head");
    return lease_.contains(head) ? lease_[head].get<std::string>() : "";
  }
  void SetAuditHead(const std::string& head) {
    const MutexLock lock(mutex_);
    nlohmann::json taken = lease_;
    taken["metadata"]["annotations"]["slipway.dev/audit-head"] = head;
    Store(taken);
  }
  int Writes() {
    const MutexLock lock(mutex_);
    return version_;
  }

 private:
  std::string Version() SLIPWAY_REQUIRES(mutex_) { return std::to_string(version_); }
  void Store(const nlohmann::json& sent) SLIPWAY_REQUIRES(mutex_) {
    ++version_;
    lease_ = sent;
    lease_["kind"] = "Lease";
    lease_["metadata"]["resourceVersion"] = Version();
  }
  Result<HttpResponse> Reply(int status) SLIPWAY_REQUIRES(mutex_) {
    return HttpResponse{
        status, status == 200 ? lease_.dump() : R"({"kind":"Status","details":{"name":"x"}})", {}};
  }

  Mutex mutex_;
  nlohmann::json lease_ SLIPWAY_GUARDED_BY(mutex_) = nlohmann::json::object();
  int version_ SLIPWAY_GUARDED_BY(mutex_) = 0;
  bool away_ SLIPWAY_GUARDED_BY(mutex_) = false;
  int conflicts_ SLIPWAY_GUARDED_BY(mutex_) = 0;
};

class LeaderTest : public ::testing::Test {
 protected:
  bool Leads() { return leader_.LeadsFor() > 0ms; }

  SystemClock clock_;
  Metrics metrics_{clock_};
  LeaseServer server_;
  ScriptedApi api_{[this](const HttpRequest& request) { return server_.Answer(request); }};
  std::unique_ptr<Client> client_ = api_.Connect(metrics_, clock_);
  Leader leader_{
      *client_, {kHomeCluster, "ns", "lease"}, LeaseElection("me", kTimes), kTimes, metrics_,
      clock_};
};

TEST_F(LeaderTest, TakesAFreeLeaseKeepsItAndGivesItUp) {
  ASSERT_TRUE(Eventually([this] { return Leads(); }));
  EXPECT_TRUE(Eventually([this] { return server_.Writes() > 5; })) << "it is renewed";
  EXPECT_EQ(server_.Holder(), "me");
  leader_.Release();
  EXPECT_FALSE(Leads());
  EXPECT_EQ(server_.Holder(), "");
}

TEST_F(LeaderTest, OneRequestMayTakeAThirdOfTheTimeToRenew) {
  ASSERT_TRUE(Eventually([this] { return Leads(); }));
  EXPECT_THAT(api_.Deadlines(), Each(Le(150ms)));
}

TEST_F(LeaderTest, SomebodysTouchOfTheLeaseCostsNothing) {
  ASSERT_TRUE(Eventually([this] { return Leads(); }));
  server_.RefuseUpdates(3);
  const int before = server_.Writes();
  EXPECT_TRUE(Eventually([&] { return server_.Writes() > before + 2; }));
  EXPECT_TRUE(Leads());
}

TEST_F(LeaderTest, WhatCannotBeRenewedIsLostInTimeAndTakenAgainLater) {
  ASSERT_TRUE(Eventually([this] { return Leads(); }));
  server_.SetAway(true);
  EXPECT_TRUE(Eventually([this] { return !Leads(); }));
  server_.SetAway(false);
  EXPECT_TRUE(Eventually([this] { return Leads(); }));
  EXPECT_FALSE(leader_.Superseded());
}

TEST_F(LeaderTest, WithoutAnAuditLogTheHeadOfTheFormerOneStays) {
  ASSERT_TRUE(Eventually([this] { return Leads(); }));
  server_.SetAuditHead("former:7:hash");
  const int before = server_.Writes();
  ASSERT_TRUE(Eventually([&] { return server_.Writes() > before + 2; }));
  EXPECT_EQ(server_.AuditHead(), "former:7:hash");
  leader_.Release();
  EXPECT_EQ(server_.AuditHead(), "former:7:hash");
}

TEST_F(LeaderTest, TheLeaseSaysHowFarTheAuditLogHasCome) {
  ASSERT_TRUE(Eventually([this] { return Leads(); }));
  server_.SetAuditHead("former:7:hash");
  const int before = server_.Writes();
  ASSERT_TRUE(Eventually([&] { return server_.Writes() > before; }));
  leader_.Release();

  Mutex mutex;
  std::string text;
  AuditLog log(
      [&](std::string_view line, std::string&) {
        const MutexLock lock(mutex);
        text += line;
        return line.size();
      },
      "me", metrics_, clock_);
  Leader next(*client_, {kHomeCluster, "ns", "lease"}, LeaseElection("me", kTimes), kTimes,
              metrics_, clock_, &log);
  ASSERT_TRUE(Eventually([&] { return server_.AuditHead().starts_with("me:1:"); }));
  log.Record({{{"action", "Create"}}, {}, {}, {}, {}});
  EXPECT_TRUE(Eventually([&] { return server_.AuditHead().starts_with("me:2:"); }));
  log.Close();
  next.Release();
  EXPECT_EQ(server_.Holder(), "");
  EXPECT_EQ(server_.AuditHead(), audit::ToString(*log.Head()));
  const MutexLock lock(mutex);
  const auto first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  EXPECT_EQ(first["action"], "Opened");
  EXPECT_EQ(first["follows"], "former:7:hash");
  EXPECT_EQ(first["lease"], "ns/lease");
  EXPECT_EQ(first["term"], 1);
}

TEST_F(LeaderTest, KnowsThatAnotherTookOver) {
  ASSERT_TRUE(Eventually([this] { return Leads(); }));
  server_.GiveTo("other");
  EXPECT_TRUE(Eventually([this] { return leader_.Superseded(); }));
  EXPECT_FALSE(Leads());
}

}  // namespace
}  // namespace slipway
