// Many lives of a trigger, each with another order of what may happen to it: time passes, jobs end,
// the operator dies after any write or sees old jobs only, somebody deletes a job or changes the
// spec, the clock is set back. Whatever happens, a time has one job, and the policy holds.
#include "tests/unit/controllers/training_trigger_life.hpp"

#include <gtest/gtest.h>

#include <set>

namespace slipway {
namespace {

using nlohmann::json;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const char* const kTrigger = R"({"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingTrigger",
  "metadata": {"name": "t", "namespace": "n", "uid": "u", "resourceVersion": "1", "generation": 1,
    "creationTimestamp": "2026-09-01T12:00:30Z"},
  "spec": {"schedule": "*/10 * * * *", "timeZone": "UTC", "suspend": false,
    "successfulJobsHistoryLimit": 2, "failedJobsHistoryLimit": 1,
    "jobTemplate": {"spec": {"framework": "Custom", "trainer": {"image": "i", "numNodes": 1,
      "numProcPerNode": "auto"}, "suspend": false, "failurePolicy": {"maxRestarts": 0,
      "backoffSeconds": 0}, "cleanPodPolicy": "Running"}}},
  "status": {"observedGeneration": -1}})";

constexpr const char* kSchedules[] = {"*/10 * * * *", "* * * * *", "*/7 3-20 * * *"};

class Life : public TriggerLife {
 public:
  Life(unsigned seed, const std::string& policy)
      : TriggerLife(Settings{}, json::parse(kTrigger), policy, seed) {}

  void Step() override {
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
  void Settle() override {
    for (int i = 0; i < 5; ++i) Pass(false, true);
    ExpectRest();
    int complete = 0;
    int failed = 0;
    for (const auto& [name, job] : jobs_) {
      if (PhaseOf(job) == "Complete") ++complete;
      if (PhaseOf(job) == "Failed") ++failed;
    }
    EXPECT_LE(complete, trigger_["spec"]["successfulJobsHistoryLimit"].get<int>());
    EXPECT_LE(failed, trigger_["spec"]["failedJobsHistoryLimit"].get<int>());
  }

  std::size_t Started() const override { return started_.size(); }

 private:
  static std::string PhaseOf(const json& job) {
    return job.contains("status") ? job["status"].value("phase", "") : "";
  }

  json* AnyJob() {
    if (jobs_.empty()) return nullptr;
    return &std::next(jobs_.begin(), Pick(static_cast<int>(jobs_.size())))->second;
  }

  void EndAJob() {
    json* job = AnyJob();
    if (job == nullptr || !IsActive(*job)) return;
    End(*job, Pick(3) == 0 ? "Failed" : "Complete");
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

  void OnStart(const json& job) override {
    const std::string time = job["metadata"]["annotations"]["slipway.dev/scheduled-at"];
    EXPECT_TRUE(started_.insert(time).second) << "a second job for " << time;
    EXPECT_LE(*ParseTime(time), now_) << "before its time";
  }

  std::set<std::string> started_;
};

TEST(TrainingTriggerLife, ATimeHasOneJobAndThePolicyHolds) {
  EXPECT_GT(Live<Life>(/*seeds=*/60, /*steps=*/60), 500U) << "else it has not lived";
}

}  // namespace
}  // namespace slipway
