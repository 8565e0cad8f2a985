#include "operator/run/runner.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <latch>

#include "operator/kube/workloads.hpp"
#include "tests/unit/run/eventually.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Nothing {};
const Resource<Nothing> kJobs{{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"},
                              [](const JsonView&) -> Result<Nothing> { return Nothing{}; }};
constexpr std::string_view kStatusOfA =
    "PUT /apis/slipway.dev/v1alpha1/namespaces/team/trainingjobs/a/status?fieldManager=slipway";

ObjectKey Key(const std::string& name) { return {kHomeCluster, "team", name}; }

ObjectPtr Job(const std::string& name, const std::string& version) {
  auto job = std::make_shared<Object>();
  job->type = kJobs.type;
  job->key = Key(name);
  job->meta.name = name;
  job->meta.ns = "team";
  job->meta.uid = "uid-" + name;
  job->meta.resource_version = {version};
  job->body = std::make_shared<const Nothing>();
  return job;
}

HttpResponse Refusal(int status, const std::string& reason) {
  return {status, json{{"kind", "Status"}, {"reason", reason}, {"message", "no"}}.dump(), {}};
}

Outcome BeginsToRun(const ReconcileInput&) {
  Outcome outcome;
  outcome.status = json{{"phase", "Running"}};
  outcome.plan.events = {{EmitEvent::Type::kNormal, "Running", "Start", "it runs"}};
  return outcome;
}

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() { Knows({"a"}); }

  void Knows(const std::vector<std::string>& names) {
    std::vector<ObjectPtr> jobs;
    for (const auto& name : names) jobs.push_back(Job(name, "5"));
    cache_.StoreFor(kHomeCluster, kJobs.type).Replace("", jobs, {"5"});
  }
  /// Runs until so many passes have ended with that result.
  testing::AssertionResult Ended(const std::string& result, int passes = 1) {
    const std::string line = "slipway_reconcile_total{kind=\"TrainingJob\",result=\"" + result +
                             "\"} " + std::to_string(passes) + "\n";
    if (Eventually([&] { return metrics_.Render().find(line) != std::string::npos; })) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure() << metrics_.Render();
  }
  std::size_t Waiting() const { return runner_.Queue().Waiting(); }

  SystemClock clock_;
  Metrics metrics_{clock_};
  Cache cache_;
  WriteBarrier barrier_;
  std::function<HttpResponse(const HttpRequest&)> answer_ = [](const HttpRequest&) {
    return HttpResponse{200, R"({"metadata":{"uid":"x","resourceVersion":"5"}})", {}};
  };
  std::function<Outcome(const ReconcileInput&)> reconcile_ = [](const ReconcileInput&) {
    return Outcome{};
  };
  ScriptedApi api_{[this](const HttpRequest& request) { return answer_(request); }};
  std::unique_ptr<Client> client_ = api_.Connect(metrics_, clock_);
  Executor executor_{{{kHomeCluster, client_.get()}}, barrier_, metrics_, clock_, [] {
                       return std::chrono::seconds(10);
                     }};
  EventRecorder events_{{{kHomeCluster, client_.get()}}, "me", metrics_, clock_};
  Runner runner_{{"training-job",
                  kJobs,
                  {kPods},
                  [this](const ReconcileInput& input) { return reconcile_(input); }},
                 {cache_, executor_, events_, barrier_, metrics_, clock_},
                 2};
};

TEST_F(RunnerTest, CollectsNothingBeforeItIsStarted) {
  runner_.Enqueue(Key("a"), Priority::kLive);
  runner_.EnqueueAfter(Key("b"), std::chrono::milliseconds(1));
  EXPECT_EQ(Waiting(), 0U);
  runner_.Start();
  EXPECT_TRUE(Ended("ok")) << "and looks at all that is known once it is";
  EXPECT_THAT(api_.Asked(), IsEmpty()) << "nothing to do, nothing to write";
  EXPECT_EQ(Waiting(), 0U);
}

TEST_F(RunnerTest, WritesTheStatusAndThenTheEventsOfIt) {
  reconcile_ = BeginsToRun;
  runner_.Start();
  EXPECT_TRUE(Ended("ok"));
  runner_.Drain();
  events_.Drain();
  EXPECT_THAT(api_.Asked(),
              ElementsAre(kStatusOfA, ::testing::StartsWith("POST /apis/events.k8s.io/v1/")));
}

TEST_F(RunnerTest, AStatusOfAnOlderVersionIsTriedAgainWithoutAnEvent) {
  std::atomic<bool> conflict = true;
  answer_ = [&](const HttpRequest&) {
    return conflict.exchange(false) ? Refusal(409, "Conflict") : HttpResponse{200, "{}", {}};
  };
  reconcile_ = BeginsToRun;
  runner_.Start();
  EXPECT_TRUE(Ended("retry"));
  EXPECT_TRUE(Ended("ok"));
  runner_.Drain();
  events_.Drain();
  EXPECT_THAT(api_.Asked(), ElementsAre(kStatusOfA, kStatusOfA,
                                        ::testing::StartsWith("POST /apis/events.k8s.io/v1/")));
}

TEST_F(RunnerTest, SmallChangesOfTheStatusWaitForCompany) {
  reconcile_ = [](const ReconcileInput&) {
    Outcome outcome;
    outcome.status = json{{"ready", 1}};
    return outcome;
  };
  runner_.Start();
  EXPECT_TRUE(Ended("ok"));
  EXPECT_THAT(api_.Asked(), IsEmpty());
  EXPECT_TRUE(Eventually([this] { return !api_.Asked().empty(); }));
}

TEST_F(RunnerTest, AnEventThatIsNotUrgentWaitsWithItsStatus) {
  reconcile_ = [](const ReconcileInput&) {
    Outcome outcome;
    outcome.status = json{{"phase", "Waiting"}};
    outcome.plan.events = {{EmitEvent::Type::kWarning, "WriteFailed", "Write", "no", false}};
    return outcome;
  };
  runner_.Start();
  EXPECT_TRUE(Ended("ok"));
  EXPECT_THAT(api_.Asked(), IsEmpty()) << "what passes in a moment leaves no trace";
  EXPECT_TRUE(Eventually([this] { return api_.Asked().size() >= 2; }));
  EXPECT_THAT(api_.Asked().front(), kStatusOfA);
  EXPECT_THAT(api_.Asked()[1], ::testing::StartsWith("POST /apis/events.k8s.io/v1/"));
}

TEST_F(RunnerTest, ThePlannerIsToldWhatFailedAndSaysSo) {
  answer_ = [](const HttpRequest& request) {
    return request.method == HttpRequest::Method::kPut ? HttpResponse{200, "{}", {}}
                                                       : Refusal(422, "Invalid");
  };
  std::atomic<int> told = 0;
  reconcile_ = [&told](const ReconcileInput& input) {
    Outcome outcome;
    outcome.plan.actions = {Create{kPods.type, Key("a-0"), json::object()}};
    if (input.failures.empty()) return outcome;
    told += static_cast<int>(input.failures.size());
    outcome.status = json{{"message", input.failures[0].error.message}};
    outcome.plan.events = {{EmitEvent::Type::kWarning, "Refused", "Create", "no"}};
    return outcome;
  };
  runner_.Start();
  EXPECT_TRUE(Ended("refused"));
  EXPECT_EQ(told, 1);
  EXPECT_EQ(Waiting(), 1U) << "a policy may be changed later, of which no event tells";
}

TEST_F(RunnerTest, APlannerThatThrowsCostsOneObject) {
  Knows({"a", "b"});
  reconcile_ = [](const ReconcileInput& input) {
    if (input.key.name == "a") throw std::logic_error("a bug");
    return Outcome{};
  };
  runner_.Start();
  EXPECT_TRUE(Ended("ok"));
  EXPECT_TRUE(Ended("exception"));
}

TEST_F(RunnerTest, WhatIsGoneIsForgotten) {
  runner_.Start();
  ASSERT_TRUE(Ended("ok"));
  runner_.Enqueue(Key("nobody"), Priority::kLive);
  EXPECT_TRUE(Ended("gone"));
  EXPECT_EQ(Waiting(), 0U);
}

TEST_F(RunnerTest, AViewOlderThanItsOwnWritesIsNotActedOn) {
  barrier_.Wrote(Key("a"), {kHomeCluster, kJobs.type, "team", 9}, clock_.Steady());
  std::atomic<int> looked = 0;
  reconcile_ = [&looked](const ReconcileInput&) {
    ++looked;
    return Outcome{};
  };
  runner_.Start();
  EXPECT_TRUE(Ended("behind"));
  EXPECT_EQ(looked, 0);
  cache_.StoreFor(kHomeCluster, kJobs.type).Upsert(Job("a", "9"));
  EXPECT_TRUE(Ended("ok"));
}

TEST_F(RunnerTest, TellsSinceWhenItsOldestPassRuns) {
  Knows({"a", "b"});
  std::latch both_run(2);
  std::latch go_on(1);
  reconcile_ = [&](const ReconcileInput&) {
    both_run.count_down();
    go_on.wait();
    return Outcome{};
  };
  EXPECT_EQ(runner_.OldestPass(), std::nullopt);
  const SteadyInstant before = clock_.Steady();
  runner_.Start();
  both_run.wait();
  const auto oldest = runner_.OldestPass();
  EXPECT_TRUE(oldest && *oldest >= before && *oldest <= clock_.Steady());
  go_on.count_down();
  EXPECT_TRUE(Ended("ok", 2));
  EXPECT_TRUE(Eventually([this] { return !runner_.OldestPass(); }));
}

TEST_F(RunnerTest, LooksAgainWhenThePlanSaysSo) {
  std::atomic<int> passes = 0;
  reconcile_ = [&](const ReconcileInput& input) {
    Outcome outcome;
    if (++passes == 1) outcome.plan.wake_at = input.now + std::chrono::milliseconds(100);
    return outcome;
  };
  runner_.Start();
  EXPECT_TRUE(Ended("ok", 2));
}

}  // namespace
}  // namespace slipway
