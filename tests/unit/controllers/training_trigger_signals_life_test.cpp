// Many lives of a trigger that starts jobs by drift and by request: the monitor changes its mind,
// somebody asks, asks again and is told by the same id, jobs end, the operator dies after any write
// or sees old jobs only. Whatever happens, a drift and a request have one job, and each request
// that was taken has one in the end.
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

json Condition(const std::string& type, bool value, Instant since) {
  return {{"type", type},
          {"status", value ? "True" : "False"},
          {"reason", type},
          {"message", ""},
          {"observedGeneration", 1},
          {"lastTransitionTime", FormatTime(since)}};
}

class Life {
 public:
  Life(unsigned seed, const std::string& policy) : random_(seed), policy_(policy) {
    trigger_["spec"]["concurrencyPolicy"] = policy;
  }

  void Step() {
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
  void Settle() {
    trigger_["spec"]["suspend"] = false;
    for (int i = 0; i < 40; ++i) {
      now_ += minutes(2);
      Pass(false, true);
      for (int k = 0; k < 3; ++k) EndAJob();
    }
    const std::string at_rest = trigger_.dump();
    EXPECT_EQ(Pass(false, true), 0) << trigger_.dump(2);
    EXPECT_EQ(trigger_.dump(), at_rest);
    for (const auto& [id, job] : promised_) {
      EXPECT_TRUE(created_.contains(job)) << "request " << id << " was taken and has no job";
    }
    const json& verdicts = monitor_["status"]["conditions"];
    if (verdicts.empty() || verdicts[0]["status"] == "False") return;
    const std::string since = verdicts[0]["lastTransitionTime"];
    EXPECT_TRUE(started_.contains("m/" + since)) << "the drift of " << since << " has no job";
  }

  std::size_t Started() const { return started_.size(); }

 private:
  int Pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  static bool IsActive(const json& job) { return !job.contains("status"); }

  void ChangeTheVerdict() {
    json& verdicts = monitor_["status"]["conditions"];
    const bool was = !verdicts.empty() && verdicts[0]["status"] == "True";
    verdicts = json::array({Condition("DriftDetected", !was, now_)});
  }

  void Ask(const std::string& id) {
    const Snapshot world = golden::MakeSnapshot(controller_, {trigger_});
    const std::string body = id.empty() ? "" : json{{"id", id}}.dump();
    const TakenRequest taken = controller_.take_request({key_, world, now_, {}}, {"ci", body});
    if (taken.code == 200) {
      EXPECT_EQ(promised_.at(id), taken.text);
    }
    if (taken.code != 202) return;
    trigger_["status"] = *taken.status;
    const std::string taken_id = trigger_["status"]["webhook"]["pending"].back()["id"];
    promised_[taken_id] = taken.text;
  }

  void EndAJob() {
    for (auto& [name, job] : jobs_) {
      if (!IsActive(job)) continue;
      const std::string phase = Pick(3) == 0 ? "Failed" : "Complete";
      job["status"] = {{"observedGeneration", 1},
                       {"phase", phase},
                       {"completionTime", FormatTime(now_)},
                       {"conditions", {Condition(phase, true, now_)}}};
      return;
    }
  }

  /// Returns the number of writes. An operator that does not see has a view in which jobs that it
  /// started within the last minute are missing.
  int Pass(bool dies, bool sees) {
    std::vector<json> objects{trigger_, monitor_};
    for (const auto& [name, job] : jobs_) {
      const Instant created = *ParseTime(job["metadata"]["creationTimestamp"].get<std::string>());
      if (sees || created <= now_ - minutes(1)) objects.push_back(job);
    }
    const Snapshot world = golden::MakeSnapshot(controller_, objects);
    const Outcome outcome = controller_.reconcile({key_, world, now_, {}});
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
      const bool recorded = trigger_["status"].contains("replacingFor");
      EXPECT_TRUE(!IsActive(jobs_.at(removal->key.name)) || (policy_ == "Replace" && recorded));
      jobs_.erase(removal->key.name);
      return;
    }
    const auto& create = std::get<Create>(action);
    if (jobs_.contains(create.key.name)) return;
    json job = create.body;
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
    for (const auto& [name, other] : jobs_) {
      EXPECT_TRUE(policy_ == "Allow" || !IsActive(other)) << name << " is still active";
    }
    job["apiVersion"] = "slipway.dev/v1alpha1";
    job["kind"] = "TrainingJob";
    job["metadata"].update({{"name", create.key.name},
                            {"namespace", "n"},
                            {"uid", "job-" + create.key.name},
                            {"resourceVersion", "1"},
                            {"creationTimestamp", FormatTime(now_)},
                            {"ownerReferences",
                             {{{"apiVersion", "slipway.dev/v1alpha1"},
                               {"kind", "TrainingTrigger"},
                               {"name", "t"},
                               {"uid", "u"},
                               {"controller", true}}}}});
    jobs_[create.key.name] = std::move(job);
    created_.insert(create.key.name);
  }

  const Controller controller_ = MakeTrainingTriggerController(Settings{});
  const ObjectKey key_{kHomeCluster, "n", "t"};
  std::mt19937 random_;
  std::string policy_;
  Instant now_ = *ParseTime("2026-09-01T12:00:30Z");
  json trigger_ = json::parse(kTrigger);
  json monitor_ = json::parse(kMonitor);
  std::map<std::string, json> jobs_;
  std::map<std::string, std::string> promised_;  ///< The job of each request, by its id.
  std::set<std::string> created_;
  std::set<std::string> started_;  ///< What had a job, by slipway.dev/trigger-id.
};

TEST(TrainingTriggerSignalsLife, ADriftAndARequestHaveOneJob) {
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
