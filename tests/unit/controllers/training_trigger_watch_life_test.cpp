// Many lives of a trigger that watches a branch and a store: commits and objects come, looks fail,
// pods are killed, jobs end, the operator dies after any write or does not see the newest jobs.
// Whatever happens, no change is trained twice, none is forgotten, the first look starts nothing,
// and no job is started by a failure.
#include <gtest/gtest.h>

#include "controllers/training_trigger/poll_result.hpp"
#include "tests/unit/controllers/training_trigger_life.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using std::chrono::minutes;
using std::chrono::seconds;

const char* const kTrigger = R"({"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingTrigger",
  "metadata": {"name": "t", "namespace": "n", "uid": "u", "resourceVersion": "1", "generation": 1,
    "creationTimestamp": "2026-09-01T12:00:30Z"},
  "spec": {"timeZone": "UTC", "suspend": false, "successfulJobsHistoryLimit": 1,
    "failedJobsHistoryLimit": 1,
    "onCommit": {"git": {"url": "https://h/r", "branch": "main"}, "pollSeconds": 60},
    "onData": {"s3": {"endpoint": "https://h", "bucket": "bucket", "region": "r"},
      "pollSeconds": 60, "minNewObjects": 2, "debounceSeconds": 90},
    "jobTemplate": {"spec": {"framework": "Custom", "trainer": {"image": "i", "numNodes": 1,
      "numProcPerNode": "auto"}, "suspend": false, "failurePolicy": {"maxRestarts": 0,
      "backoffSeconds": 0}, "cleanPodPolicy": "Running"}}},
  "status": {"observedGeneration": -1}})";

Settings WithImage() {
  Settings settings;
  settings.worker_image = "slipway:1";
  return settings;
}

class Life : public TriggerLife {
 public:
  Life(unsigned seed, const std::string& policy)
      : TriggerLife(WithImage(), json::parse(kTrigger), policy, seed) {}

  void Step() override {
    now_ += seconds(Pick(50));
    switch (Pick(9)) {
      case 0: ++head_; break;
      case 1: head_ = std::max(0, head_ - 1); break;
      case 2: PutObjects(1 + Pick(3)); break;
      case 3: EndPods(Pick(3)); break;
      case 4: EndAJob(); break;
      case 5: Pass(/*dies=*/true, true); break;
      case 6: now_ += minutes(Pick(4)); break;
      case 7:
        Pass(false, true);
        Pass(false, /*sees=*/false);
        break;
      default: EndPods(0);
    }
    Pass(false, true);
  }

  /// When nothing more happens, all that has come has been trained.
  void Settle() override {
    for (int i = 0; i < 40; ++i) {  // More than the hour that a look in vain may put off the next.
      EndPods(0);
      while (EndAJob()) continue;
      now_ += minutes(3);
      Pass(false, true);
      Pass(false, true);
    }
    EXPECT_EQ(trained_, std::to_string(head_)) << trigger_.dump(2);
    EXPECT_LT(objects_.size() - counted_, 2U) << trigger_.dump(2);
    for (int i = 0; i < 3 && pods_.empty(); ++i)
      EXPECT_EQ(Pass(false, true), 0) << trigger_.dump(2);
  }

  std::size_t Started() const override { return started_; }

 private:
  static std::string Commit(int number) {
    const std::string digits = std::to_string(number);
    return std::string(40 - digits.size(), 'a') + digits;
  }

  void PutObjects(int count) {
    for (int i = 0; i < count; ++i) objects_.push_back(now_);
  }

  /// What `slipway worker` would say: 0 well, 1 in vain, 2 nothing at all.
  void EndPods(int how) {
    for (auto& [name, pod] : pods_) {
      if (pod["status"]["phase"] != "Pending") continue;
      const bool commit = pod["metadata"]["labels"]["slipway.dev/role"] == "watch-commit";
      std::string text = commit ? LookAtBranch(how == 0) : LookAtStore(pod, how == 0);
      if (how == 1) text = training_trigger::WritePollFailure("no connection");
      if (how == 2) text.clear();
      pod["status"] = {
          {"phase", how == 0 ? "Succeeded" : "Failed"},
          {"containerStatuses",
           {{{"name", "watch"},
             {"state",
              {{"terminated", {{"exitCode", how}, {"reason", "Error"}, {"message", text}}}}}}}}};
    }
  }

  std::string LookAtBranch(bool well) {
    if (well && trained_.empty()) trained_ = std::to_string(head_);  // The baseline.
    return training_trigger::WritePollResult({Commit(head_), std::nullopt, 0});
  }

  std::string LookAtStore(const json& pod, bool well) {
    training_trigger::PollResult result;
    result.revision = "sha256:" + std::to_string(objects_.size());
    result.listing.emplace();
    result.listing->objects = static_cast<std::int64_t>(objects_.size());
    Instant after = Instant::min();
    for (const std::string text : pod["spec"]["containers"][0]["args"]) {
      if (text.starts_with("--after=")) after = *ParseTime(text.substr(8));
    }
    for (const Instant object : objects_) result.new_objects += object > after ? 1 : 0;
    if (!objects_.empty()) {
      result.listing->newest_time = objects_.back();
      result.listing->newest_count = 1;
    }
    if (well && !looked_) counted_ = objects_.size();
    looked_ = looked_ || well;
    return training_trigger::WritePollResult(result);
  }

  bool EndAJob() {
    json* job = FirstActive();
    if (job != nullptr) End(*job, "Complete");
    return job != nullptr;
  }

  void OnStart(const json& job) override {
    ++started_;
    const json& told = job["metadata"]["annotations"];
    const std::string revision = told["slipway.dev/trigger-revision"];
    if (told["slipway.dev/trigger-cause"] == "Commit") {
      const std::string commit = revision.substr(revision.find_first_not_of('a'));
      EXPECT_NE(commit, trained_) << "it was trained before";
      trained_ = commit;
      return;
    }
    const std::size_t seen = std::stoul(revision.substr(7));
    EXPECT_GE(seen, counted_ + 2) << "too few are new";
    counted_ = seen;
  }

  int head_ = 1;
  std::vector<Instant> objects_;
  std::string trained_;      ///< The commit of the newest job, or of the first look.
  std::size_t counted_ = 0;  ///< The objects that were there then.
  bool looked_ = false;
  std::size_t started_ = 0;
};

TEST(TrainingTriggerWatchLife, EachChangeIsTrainedOnce) {
  EXPECT_GT(Live<Life>(/*seeds=*/20, /*steps=*/80), 100U) << "else it has not lived";
}

}  // namespace
}  // namespace slipway
