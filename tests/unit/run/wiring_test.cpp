#include "operator/run/wiring.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "operator/kube/workloads.hpp"
#include "tests/unit/run/eventually.hpp"
#include "tests/unit/run/scripted_api.hpp"

namespace slipway {
namespace {

using ::testing::UnorderedElementsAre;

struct Nothing {};
Result<Nothing> DecodeNothing(const JsonView&) { return Nothing{}; }
const Resource<Nothing> kJobs{{"slipway.dev", "v1alpha1", "TrainingJob", "trainingjobs"},
                              DecodeNothing};
const Resource<Nothing> kMonitors{{"slipway.dev", "v1alpha1", "DriftMonitor", "driftmonitors"},
                                  DecodeNothing};

const Resource<Nothing> kTriggers{
    {"slipway.dev", "v1alpha1", "TrainingTrigger", "trainingtriggers"}, DecodeNothing};

std::string List(const std::string& items) {
  return R"({"metadata":{"resourceVersion":"9"},"items":[)" + items + "]}";
}

class WiringTest : public ::testing::Test {
 protected:
  WiringTest() {
    const std::pair<Resource<Nothing>, AnyResource> kinds[] = {
        {kJobs, kPods}, {kMonitors, kPods}, {kTriggers, kJobs}};
    for (const auto& [kind, child] : kinds) {
      runners_.push_back(std::make_unique<Runner>(
          Controller{std::string(kind.type.plural),
                     kind,
                     {child},
                     [this](const ReconcileInput& input) {
                       const MutexLock lock(mutex_);
                       looked_at_.push_back(input.key.name);
                       return Outcome{};
                     }},
          RunnerContext{cache_, executor_, events_, barrier_, metrics_, clock_}, 1));
    }
  }
  void Watch() {
    wiring_.Watch(*client_, "");
    wiring_.Start();
  }
  std::vector<std::string> LookedAt() {
    const MutexLock lock(mutex_);
    return looked_at_;
  }

  bool pods_come_later_ = false;
  std::string pods_;
  std::string jobs_ = R"({"metadata":{"name":"a","namespace":"team","uid":"ua"}})";
  SystemClock clock_;
  Metrics metrics_{clock_};
  Cache cache_;
  WriteBarrier barrier_;
  std::function<Result<HttpResponse>(const HttpRequest&)> answer_ =
      [this](const HttpRequest& request) -> Result<HttpResponse> {
    if (request.resource == "driftmonitors") {
      return HttpResponse{404, R"({"kind":"Status","reason":"NotFound"})", {}};
    }
    if (request.resource == "trainingjobs") {
      return HttpResponse{200, List(jobs_), {}};
    }
    if (request.resource == "trainingtriggers") {
      return HttpResponse{
          200, List(R"({"metadata":{"name":"t","namespace":"team","uid":"ut"}})"), {}};
    }
    if (LookedAt().empty() && pods_come_later_) return Fail(Code::kUnavailable, "not yet");
    return HttpResponse{200, List(pods_), {}};
  };
  ScriptedApi api_{[this](const HttpRequest& request) { return answer_(request); }};
  std::unique_ptr<Client> client_ = api_.Connect(metrics_, clock_);
  Executor executor_{{{kHomeCluster, client_.get()}}, barrier_, metrics_, clock_, [] {
                       return std::chrono::seconds(10);
                     }};
  EventRecorder events_{{{kHomeCluster, client_.get()}}, "me", metrics_, clock_};
  Mutex mutex_;
  std::vector<std::string> looked_at_ SLIPWAY_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Runner>> runners_;
  Wiring wiring_{cache_, runners_, metrics_, clock_};
};

TEST_F(WiringTest, AKindThatIsNotServedStopsNobodyElse) {
  Watch();
  EXPECT_TRUE(Eventually([this] { return wiring_.Synced(*runners_[0]); }));
  EXPECT_FALSE(wiring_.Synced(*runners_[1]));
}

TEST_F(WiringTest, EachKindIsWatchedOnceAndThoseThatAreOnlyOwnedByOurLabel) {
  Watch();
  std::set<std::string> lists;
  EXPECT_TRUE(Eventually([&] {
    for (const auto& asked : api_.Asked()) {
      if (asked.find("limit=") != std::string::npos) lists.insert(asked);
    }
    return lists.size() >= 4;
  }));
  EXPECT_THAT(
      lists,
      UnorderedElementsAre(
          "GET /api/v1/pods?labelSelector=app.kubernetes.io%2Fmanaged-by%3Dslipway&limit=100",
          "GET /apis/slipway.dev/v1alpha1/trainingjobs?limit=100",
          "GET /apis/slipway.dev/v1alpha1/trainingtriggers?limit=100",
          "GET /apis/slipway.dev/v1alpha1/driftmonitors?limit=100"));
}

constexpr const char* kAJob =
    R"({"metadata":{"name":"a","namespace":"team","uid":"ua","resourceVersion":"3"}})";

/// Jobs that look up monitors by the first letter of the name, which is theirs.
class LookupTest : public WiringTest {
 protected:
  LookupTest() {
    const auto first_letter = [](const Object& object) { return object.key.name.substr(0, 1); };
    Controller jobs{"jobs",
                    kJobs,
                    {},
                    [this](const ReconcileInput& input) {
                      const MutexLock lock(mutex_);
                      looked_at_.push_back(input.key.name);
                      for (const auto& found : input.world.All(kMonitors)) {
                        looked_at_.push_back("sees " + found.key.name);
                      }
                      return Outcome{};
                    },
                    {{kMonitors, first_letter, [first_letter](const Object& job) {
                        return std::vector<std::string>{first_letter(job)};
                      }}}};
    runners_.clear();
    runners_.push_back(std::make_unique<Runner>(
        std::move(jobs), RunnerContext{cache_, executor_, events_, barrier_, metrics_, clock_}, 1));
    answer_ = [this](const HttpRequest& request) -> Result<HttpResponse> {
      if (request.resource == "trainingjobs") return HttpResponse{200, List(kAJob), {}};
      if (!may_list_monitors_) return Fail(Code::kForbidden, "not yet");
      return HttpResponse{
          200,
          List(R"({"metadata":{"name":"a1","namespace":"team","uid":"u1","resourceVersion":"4"}},)"
               R"({"metadata":{"name":"b1","namespace":"team","uid":"u2","resourceVersion":"5"}})"),
          {}};
    };
  }

  std::atomic<bool> may_list_monitors_{true};
};

TEST_F(LookupTest, APassSeesWhatIsFiledWhereItLooks) {
  Watch();
  EXPECT_TRUE(Eventually([this] { return wiring_.Synced(*runners_[0]); }));
  runners_[0]->Start();
  EXPECT_TRUE(Eventually([this] {
    return LookedAt() == std::vector<std::string>{"a", "sees a1"};
  }));
}

TEST_F(LookupTest, WhatIsLookedUpHasToBeKnown) {
  may_list_monitors_ = false;
  Watch();
  EXPECT_TRUE(Eventually([this] { return !cache_.Unsynced().contains(kJobs.type); }));
  EXPECT_FALSE(wiring_.Synced(*runners_[0]));
  may_list_monitors_ = true;
  EXPECT_TRUE(Eventually([this] { return wiring_.Synced(*runners_[0]); }));
}

TEST_F(LookupTest, WhatIsLookedUpLeadsToItsUsers) {
  may_list_monitors_ = false;
  Watch();
  EXPECT_TRUE(Eventually([this] { return !cache_.Unsynced().contains(kJobs.type); }));
  runners_[0]->Start();
  EXPECT_TRUE(Eventually([this] { return LookedAt() == std::vector<std::string>{"a"}; }));
  may_list_monitors_ = true;
  EXPECT_TRUE(Eventually([this] {
    return LookedAt() == std::vector<std::string>{"a", "a", "sees a1"};
  }));
}

/// Jobs that look up notes, which are in a namespace of their own.
class ElsewhereTest : public LookupTest {
 protected:
  ElsewhereTest() {
    Lookup notes{kMonitors, [](const Object&) { return std::string("all"); },
                 [](const Object&) { return std::vector<std::string>{"all"}; }};
    notes.in_namespace = "ops";
    notes.selector = "note=true";
    Controller jobs = runners_[0]->Spec();
    jobs.looks_up = {notes};
    runners_.clear();
    runners_.push_back(std::make_unique<Runner>(
        std::move(jobs), RunnerContext{cache_, executor_, events_, barrier_, metrics_, clock_}, 1));
  }
};

TEST_F(ElsewhereTest, WhatIsInANamespaceOfItsOwnIsWatchedThereAndOnce) {
  wiring_.Watch(*client_, "team");
  wiring_.Watch(*client_, "other");
  wiring_.Start();
  EXPECT_TRUE(Eventually([this] { return wiring_.Synced(*runners_[0]); }));
  std::multiset<std::string> lists;
  for (const auto& asked : api_.Asked()) {
    if (asked.find("limit=") != std::string::npos) lists.insert(asked);
  }
  EXPECT_THAT(
      lists,
      UnorderedElementsAre(
          "GET /apis/slipway.dev/v1alpha1/namespaces/team/trainingjobs?limit=100",
          "GET /apis/slipway.dev/v1alpha1/namespaces/other/trainingjobs?limit=100",
          "GET /apis/slipway.dev/v1alpha1/namespaces/ops/driftmonitors?labelSelector=note%3Dtrue&"
          "limit=100"));
}

std::string PodOn(const std::string& job, const std::string& machine) {
  return R"({"metadata":{"name":")" + job + R"(-0","namespace":"team","uid":"p)" + job +
         R"(","labels":{"slipway.dev/owner-uid":"u)" + job +
         R"(","slipway.dev/owner-kind":"TrainingJob"},"annotations":{"slipway.dev/owner":"team/)" +
         job + R"("}},"spec":{"nodeName":")" + machine + R"("}})";
}

/// Jobs that look up the machines of their pods, if their name begins with a.
class MachinesTest : public LookupTest {
 protected:
  MachinesTest() {
    Lookup machines{kMachines, [](const Object& machine) { return machine.key.name; },
                    [](const Object&) { return std::vector<std::string>{}; }};
    machines.looked_up_by_child = [](const Object& child) {
      return std::vector{static_cast<const PodView*>(child.body.get())->node_name};
    };
    machines.wanted = [](const Object& job) { return job.key.name.front() == 'a'; };
    Controller jobs{"jobs",
                    kJobs,
                    {kPods},
                    [this](const ReconcileInput& input) {
                      const MutexLock lock(mutex_);
                      looked_at_.push_back(input.key.name);
                      for (const auto& found : input.world.All(kMachines)) {
                        EXPECT_TRUE(found.meta.labels.empty()) << "memory for nothing";
                        looked_at_.push_back("sees " + found.key.name);
                      }
                      return Outcome{};
                    },
                    {std::move(machines)}};
    runners_.clear();
    runners_.push_back(std::make_unique<Runner>(
        std::move(jobs), RunnerContext{cache_, executor_, events_, barrier_, metrics_, clock_}, 1));
    jobs_ = R"({"metadata":{"name":"a","namespace":"team","uid":"ua"}},)"
            R"({"metadata":{"name":"b","namespace":"team","uid":"ub"}})";
    pods_ = PodOn("a", "m1") + "," + PodOn("b", "m1");
    answer_ = [this](const HttpRequest& request) -> Result<HttpResponse> {
      if (request.resource == "trainingjobs") return HttpResponse{200, List(jobs_), {}};
      if (request.resource == "pods") return HttpResponse{200, List(pods_), {}};
      if (!may_list_machines_) return Fail(Code::kUnavailable, "not yet");
      return HttpResponse{200,
                          List(R"({"metadata":{"name":"m1","uid":"u1","labels":{"a":"b"}}},)"
                               R"({"metadata":{"name":"m2","uid":"u2"}})"),
                          {}};
    };
  }
  std::vector<std::string> Sorted() {
    auto all = LookedAt();
    std::ranges::sort(all);
    return all;
  }

  std::atomic<bool> may_list_machines_{false};
};

TEST_F(MachinesTest, WhatAChildLooksUpLeadsToItsOwnerIfThatWantsIt) {
  Watch();
  EXPECT_TRUE(Eventually([this] {
    const auto unsynced = cache_.Unsynced();
    return !unsynced.contains(kJobs.type) && !unsynced.contains(kPods.type);
  }));
  runners_[0]->Start();
  EXPECT_TRUE(Eventually([this] { return Sorted() == std::vector<std::string>{"a", "b"}; }));
  may_list_machines_ = true;
  EXPECT_TRUE(Eventually([this] {
    return Sorted() == std::vector<std::string>{"a", "a", "b", "sees m1"};
  }));
}

TEST_F(WiringTest, AChildLeadsToItsOwner) {
  pods_come_later_ = true;
  pods_ = R"({"metadata":{"name":"a-0","namespace":"team","uid":"up","labels":{)"
          R"("slipway.dev/owner-uid":"ua","slipway.dev/owner-kind":"TrainingJob"},)"
          R"("annotations":{"slipway.dev/owner":"team/a"}}})";
  runners_[0]->Start();
  Watch();
  EXPECT_TRUE(Eventually([this] {
    return LookedAt() == std::vector<std::string>{"a", "a"};
  })) << "once for itself, once for the pod";
}

TEST_F(WiringTest, AKindMayBeReconciledAndAChildAsWell) {
  jobs_ += R"(,{"metadata":{"name":"t-1","namespace":"team","uid":"ut1","labels":{)"
           R"("slipway.dev/owner-uid":"ut","slipway.dev/owner-kind":"TrainingTrigger"},)"
           R"("annotations":{"slipway.dev/owner":"team/t"}}})";
  runners_[0]->Start();
  runners_[2]->Start();
  Watch();
  EXPECT_TRUE(Eventually([this] {
    const auto seen = LookedAt();
    const std::set<std::string> names(seen.begin(), seen.end());
    return names == std::set<std::string>{"a", "t", "t-1"};
  })) << "each job by itself, and its trigger";
  EXPECT_TRUE(Eventually([this] { return wiring_.Synced(*runners_[2]); }));
  const auto world = cache_.Take(kTriggers.type, {kHomeCluster, "team", "t"});
  EXPECT_EQ(world.All(kJobs).size(), 1U) << "its own job, and no other";
  EXPECT_EQ(cache_.Keys(kJobs.type).size(), 2U) << "a job without owner is not lost";
}

}  // namespace
}  // namespace slipway
