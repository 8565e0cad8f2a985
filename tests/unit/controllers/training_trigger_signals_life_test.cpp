// Many lives of a trigger that starts jobs by drift and by request: the monitor changes its mind,
// somebody asks, asks again and is told by the same id, jobs end, the operator dies after any write
// or sees old jobs only. Whatever happens, a drift and a request have one job, and each request
// that was taken has one in the end.
#include <gtest/gtest.h>

#include <set>

#include "tests/unit/controllers/training_trigger_life.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using std::chrono::minutes;
using std::chrono::seconds;

const char* const kTrigger = R"({"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingTrigger",
  "metadata": {"name": "t", "namespace": "n", "uid": "u", "resourceVersion": "1", "generation": 1,
    "creationTimestamp": "2026-09-01T12:00:00Z"},
  "spec": {"timeZone": "UTC", "suspend": false, "successfulJobsHistoryLimit": 1,
    "failedJobsHistoryLimit": 0, "onDrift": {"monitorRef": {"name": "m"}, "cooldownSeconds": 1800},
    "onWebhook": {"maxPending": 3}, "jobTemplate": {"spec": {"framework": "Custom",
      "trainer": {"image": "i", "numNodes": 1, "numProcPerNode": "auto"}, "suspend": false,
      "failurePolicy": {"maxRestarts": 0, "backoffSeconds": 0}, "cleanPodPolicy": "Running"}}},
  "status": {"observedGeneration": -1}})";

const char* const kMonitor = R"({"apiVersion": "slipway.dev/v1alpha1", "kind": "DriftMonitor",
  "metadata": {"name": "m", "namespace": "n", "uid": "m", "resourceVersion": "1", "generation": 1,
    "creationTimestamp": "2026-09-01T12:00:00Z"},
  "spec": {"intervalSeconds": 60, "suspend": false, "metrics": [],
    "reference": {"format": "CSV"}, "production": {"format": "CSV", "maxRows": 1, "minSamples": 1},
    "decision": {"driftShare": "0.3", "consecutiveBreaches": 1}, "resources": {}},
  "status": {"observedGeneration": 1, "conditions": []}})";

class Life : public TriggerLife {
 public:
  Life(unsigned seed, const std::string& policy)
      : TriggerLife(Settings{}, json::parse(kTrigger), policy, seed) {}

  void Step() override {
    now_ += seconds(1 + Pick(30));
    switch (Pick(11)) {
      case 0: now_ += minutes(Pick(50)); break;
      case 1:
      case 2: ChangeTheVerdict(); break;
      case 3:
      case 4: Ask("id-" + std::to_string(Pick(40))); break;
      case 5: Ask(""); break;
      case 6:
      case 7: EndAJob(); break;
      case 8: Pass(/*dies=*/true, /*sees=*/true); break;
      case 9:
        Pass(false, true);
        Pass(/*dies=*/false, /*sees=*/false);
        break;
      default: trigger_["spec"]["suspend"] = Pick(4) == 0;
    }
    if (Pick(3) != 0) Pass(false, true);
  }

  /// All jobs end, and all that is owed has had its job.
  void Settle() override {
    trigger_["spec"]["suspend"] = false;
    for (int i = 0; i < 40; ++i) {
      now_ += minutes(2);
      Pass(false, true);
      for (int k = 0; k < 3; ++k) EndAJob();
    }
    ExpectRest();
    for (const auto& [id, job] : promised_) {
      EXPECT_TRUE(created_.contains(job)) << "request " << id << " was taken and has no job";
    }
    const json& verdicts = monitor_["status"]["conditions"];
    if (verdicts.empty() || verdicts[0]["status"] == "False") return;
    const std::string since = verdicts[0]["lastTransitionTime"];
    EXPECT_TRUE(started_.contains("m/" + since)) << "the drift of " << since << " has no job";
  }

  std::size_t Started() const override { return started_.size(); }

 private:
  std::vector<json> Beside() const override { return {monitor_}; }

  void ChangeTheVerdict() {
    json& verdicts = monitor_["status"]["conditions"];
    const bool was = !verdicts.empty() && verdicts[0]["status"] == "True";
    verdicts = json::array({Condition("DriftDetected", !was, now_)});
  }

  void Ask(const std::string& id) {
    const Snapshot world = golden::MakeSnapshot(GetController(), {trigger_});
    const std::string body = id.empty() ? "" : json{{"id", id}}.dump();
    const TakenRequest taken = GetController().take_request({key_, world, now_, {}}, {"ci", body});
    if (taken.code == 200) {
      EXPECT_EQ(promised_.at(id), taken.text);
    }
    if (taken.code != 202) return;
    trigger_["status"] = *taken.status;
    const std::string taken_id = trigger_["status"]["webhook"]["pending"].back()["id"];
    promised_[taken_id] = taken.text;
  }

  void EndAJob() {
    json* job = FirstActive();
    if (job != nullptr) End(*job, Pick(3) == 0 ? "Failed" : "Complete");
  }

  void OnStart(const json& job) override {
    const json& marks = job["metadata"]["annotations"];
    EXPECT_TRUE(started_.insert(marks["slipway.dev/trigger-id"]).second)
        << "a second job for " << marks.dump(2);
    if (marks["slipway.dev/trigger-cause"] == "Drift") {
      const json last = trigger_["status"].value("drift", json::object());
      if (last.contains("time")) {
        EXPECT_GE(now_, *ParseTime(last["time"].get<std::string>()) + minutes(30));
      }
    }
    EXPECT_FALSE(trigger_["spec"]["suspend"].get<bool>());
    created_.insert(job["metadata"]["name"]);
  }

  json monitor_ = json::parse(kMonitor);
  std::map<std::string, std::string> promised_;  ///< The job of each request, by its id.
  std::set<std::string> created_;
  std::set<std::string> started_;  ///< What had a job, by slipway.dev/trigger-id.
};

TEST(TrainingTriggerSignalsLife, ADriftAndARequestHaveOneJob) {
  EXPECT_GT(Live<Life>(/*seeds=*/60, /*steps=*/60), 500U) << "else it has not lived";
}

}  // namespace
}  // namespace slipway
