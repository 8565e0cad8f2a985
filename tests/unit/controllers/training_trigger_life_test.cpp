// Many lives of a trigger, each with another order of what may happen to it: time passes, jobs end,
// the operator dies after any write or sees old jobs only, somebody deletes a job or changes the
// spec, the clock is set back. Whatever happens, a time has one job, and the policy holds.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "controllers/training_trigger/controller.hpp"
#include "tests/golden/decode.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const char* const kSpec = R"({"schedule": "*/10 * * * *", "timeZone": "UTC", "suspend": false,
  "concurrencyPolicy": "Allow", "successfulJobsHistoryLimit": 2, "failedJobsHistoryLimit": 1,
  "jobTemplate": {"spec": {"framework": "Custom", "trainer": {"image": "i", "numNodes": 1,
    "numProcPerNode": "auto"}, "suspend": false, "failurePolicy": {"maxRestarts": 0,
    "backoffSeconds": 0}, "cleanPodPolicy": "Running"}}})";

constexpr const char* kSchedules[] = {"*/10 * * * *", "* * * * *", "*/7 3-20 * * *"};

/// The trigger and its jobs as an API server keeps them, and an operator that may die.
class Life {
 public:
  Life(unsigned seed, const std::string& policy) : random_(seed), policy_(policy) {
    trigger_ = {{"apiVersion", "slipway.dev/v1alpha1"},
                {"kind", "TrainingTrigger"},
                {"metadata",
                 {{"name", "t"},
                  {"namespace", "n"},
                  {"uid", "u"},
                  {"resourceVersion", "1"},
                  {"generation", 1},
                  {"creationTimestamp", FormatTime(now_)}}},
                {"spec", json::parse(kSpec)},
                {"status", {{"observedGeneration", -1}}}};
    trigger_["spec"]["concurrencyPolicy"] = policy;
  }

  void Step() {
    switch (Pick(12)) {
      case 0: now_ += seconds(Pick(30)); break;
      case 1:
      case 2: now_ += minutes(1 + Pick(12)); break;
      case 3: now_ += hours(Pick(5)); break;
      case 4: now_ -= minutes(Pick(40)); break;
      case 5:
      case 6: EndAJob(); break;
      case 7: RemoveAJob(); break;
      case 8: ChangeSpec(); break;
      case 9: Pass(/*dies=*/true, /*sees=*/true); break;
      case 10:
        now_ += seconds(Pick(70));
        Pass(/*dies=*/false, /*sees=*/false);
        break;
      default: Pass(false, true);
    }
    if (Pick(3) != 0) Pass(false, true);
  }

  /// Without anything else happening the trigger comes to rest, keeping what it is to keep.
  void Settle() {
    for (int i = 0; i < 5; ++i) Pass(false, true);
    const std::string at_rest = trigger_.dump();
    EXPECT_EQ(Pass(false, true), 0) << trigger_.dump(2);
    EXPECT_EQ(trigger_.dump(), at_rest);
    int complete = 0;
    int failed = 0;
    for (const auto& [name, job] : jobs_) {
      if (PhaseOf(job) == "Complete") ++complete;
      if (PhaseOf(job) == "Failed") ++failed;
    }
    EXPECT_LE(complete, trigger_["spec"]["successfulJobsHistoryLimit"].get<int>());
    EXPECT_LE(failed, trigger_["spec"]["failedJobsHistoryLimit"].get<int>());
  }

  std::size_t Started() const { return started_.size(); }

 private:
  int Pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  static std::string PhaseOf(const json& job) {
    return job.contains("status") ? job["status"].value("phase", "") : "";
  }
  static bool IsActive(const json& job) { return PhaseOf(job).empty(); }

  json* AnyJob() {
    if (jobs_.empty()) return nullptr;
    return &std::next(jobs_.begin(), Pick(static_cast<int>(jobs_.size())))->second;
  }

  void EndAJob() {
    json* job = AnyJob();
    if (job == nullptr || !IsActive(*job)) return;
    const std::string phase = Pick(3) == 0 ? "Failed" : "Complete";
    (*job)["status"] = {{"observedGeneration", 1},
                        {"phase", phase},
                        {"completionTime", FormatTime(now_)},
                        {"conditions",
                         {{{"type", phase},
                           {"status", "True"},
                           {"reason", phase},
                           {"message", ""},
                           {"observedGeneration", 1},
                           {"lastTransitionTime", FormatTime(now_)}}}}};
  }

  /// Only one that is recorded: of one that nobody knows nobody could say that it was there.
  void RemoveAJob() {
    const json* job = AnyJob();
    const json status = trigger_["status"];
    if (job == nullptr || !status.contains("lastScheduleTime")) return;
    const std::string time = (*job)["metadata"]["annotations"]["slipway.dev/scheduled-at"];
    if (time <= status["lastScheduleTime"].get<std::string>()) {
      jobs_.erase((*job)["metadata"]["name"].get<std::string>());
    }
  }

  void ChangeSpec() {
    json& spec = trigger_["spec"];
    switch (Pick(4)) {
      case 0: spec["suspend"] = !spec["suspend"].get<bool>(); break;
      case 1: spec["schedule"] = kSchedules[Pick(3)]; break;
      case 2:
        spec["successfulJobsHistoryLimit"] = Pick(3);
        spec["failedJobsHistoryLimit"] = Pick(2);
        break;
      default: spec["startingDeadlineSeconds"] = 60 * (1 + Pick(60));
    }
    trigger_["metadata"]["generation"] = trigger_["metadata"]["generation"].get<int>() + 1;
  }

  /// Returns the number of writes. An operator that does not see has a view in which jobs that it
  /// started within the last minute are missing.
  int Pass(bool dies, bool sees) {
    std::vector<json> objects{trigger_};
    for (const auto& [name, job] : jobs_) {
      const Instant created = *ParseTime(job["metadata"]["creationTimestamp"].get<std::string>());
      if (sees || created <= now_ - minutes(1) || created > now_) objects.push_back(job);
    }
    const Snapshot world = golden::MakeSnapshot(controller_, objects);
    const ObjectKey key{kHomeCluster, "n", "t"};
    const Outcome outcome = controller_.reconcile({key, world, now_, {}});
    int writes = 0;
    for (const Action& action : outcome.plan.actions) {
      if (dies && Pick(2) == 0) return writes;
      Carry(action);
      ++writes;
    }
    if (dies || !outcome.status) return writes;
    trigger_["status"] = *outcome.status;
    return writes + 1;
  }

  void Carry(const Action& action) {
    if (const auto* removal = std::get_if<Delete>(&action)) {
      const json& job = jobs_.at(removal->key.name);
      const bool recorded = trigger_["status"].contains("replacingFor");
      EXPECT_TRUE(!IsActive(job) || (policy_ == "Replace" && recorded)) << job.dump(2);
      jobs_.erase(removal->key.name);
      return;
    }
    const auto& create = std::get<Create>(action);
    if (jobs_.contains(create.key.name)) return;
    json job = create.body;
    const std::string time = job["metadata"]["annotations"]["slipway.dev/scheduled-at"];
    EXPECT_TRUE(started_.insert(time).second) << "a second job for " << time;
    EXPECT_LE(*ParseTime(time), now_) << "before its time";
    for (const auto& [name, other] : jobs_) {
      EXPECT_TRUE(policy_ == "Allow" || !IsActive(other)) << name << " is still active";
    }
    job["apiVersion"] = "slipway.dev/v1alpha1";
    job["kind"] = "TrainingJob";
    job["metadata"].update({{"name", create.key.name},
                            {"namespace", "n"},
                            {"uid", "job-" + std::to_string(++uids_)},
                            {"resourceVersion", "1"},
                            {"creationTimestamp", FormatTime(now_)},
                            {"ownerReferences",
                             {{{"apiVersion", "slipway.dev/v1alpha1"},
                               {"kind", "TrainingTrigger"},
                               {"name", "t"},
                               {"uid", "u"},
                               {"controller", true}}}}});
    jobs_[create.key.name] = std::move(job);
  }

  const Controller controller_ = MakeTrainingTriggerController(Settings{});
  std::mt19937 random_;
  std::string policy_;
  Instant now_ = *ParseTime("2026-09-01T12:00:30Z");
  json trigger_;
  std::map<std::string, json> jobs_;
  std::set<std::string> started_;
  int uids_ = 0;
};

TEST(TrainingTriggerLife, ATimeHasOneJobAndThePolicyHolds) {
  std::size_t started = 0;
  for (const char* policy : {"Allow", "Forbid", "Replace"}) {
    for (unsigned seed = 0; seed < 60 && !testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(std::string(policy) + ", seed " + std::to_string(seed));
      Life life(seed, policy);
      for (int i = 0; i < 60; ++i) life.Step();
      life.Settle();
      started += life.Started();
    }
  }
  EXPECT_GT(started, 500U) << "else it has not lived";
}

}  // namespace
}  // namespace slipway
