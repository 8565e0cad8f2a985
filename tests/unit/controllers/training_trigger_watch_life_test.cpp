// Many lives of a trigger that watches a branch and a store: commits and objects come, looks fail,
// pods are killed, jobs end, the operator dies after any write or does not see the newest jobs.
// Whatever happens, no change is trained twice, none is forgotten, the first look starts nothing,
// and no job is started by a failure.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "controllers/training_trigger/controller.hpp"
#include "controllers/training_trigger/poll_result.hpp"
#include "tests/golden/decode.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using std::chrono::minutes;
using std::chrono::seconds;

const char* const kTrigger = R"({"apiVersion": "slipway.dev/v1alpha1", "kind": "TrainingTrigger",
  "metadata": {"name": "t", "namespace": "n", "uid": "u", "resourceVersion": "1", "generation": 1},
  "spec": {"timeZone": "UTC", "suspend": false, "successfulJobsHistoryLimit": 1,
    "failedJobsHistoryLimit": 1,
    "onCommit": {"git": {"url": "https://h/r", "branch": "main"}, "pollSeconds": 60},
    "onData": {"s3": {"endpoint": "https://h", "bucket": "bucket", "region": "r"},
      "pollSeconds": 60, "minNewObjects": 2, "debounceSeconds": 90},
    "jobTemplate": {"spec": {"framework": "Custom", "trainer": {"image": "i", "numNodes": 1,
      "numProcPerNode": "auto"}, "suspend": false, "failurePolicy": {"maxRestarts": 0,
      "backoffSeconds": 0}, "cleanPodPolicy": "Running"}}},
  "status": {"observedGeneration": -1}})";

const json kOwner = json::parse(R"([{"apiVersion": "slipway.dev/v1alpha1",
  "kind": "TrainingTrigger", "name": "t", "uid": "u", "controller": true}])");

Settings WithImage() {
  Settings settings;
  settings.worker_image = "slipway:1";
  return settings;
}

class Life {
 public:
  Life(unsigned seed, const char* policy)
      : random_(seed), forbids_(policy == std::string("Forbid")) {
    trigger_ = json::parse(kTrigger);
    trigger_["metadata"]["creationTimestamp"] = FormatTime(now_);
    trigger_["spec"]["concurrencyPolicy"] = policy;
  }

  void Step() {
    now_ += seconds(Pick(50));
    switch (Pick(9)) {
      case 0: ++head_; break;
      case 1: head_ = std::max(0, head_ - 1); break;
      case 2: PutObjects(1 + Pick(3)); break;
      case 3: EndPods(Pick(3)); break;
      case 4: EndAJob(); break;
      case 5: Pass(/*dies=*/true); break;
      case 6: now_ += minutes(Pick(4)); break;
      case 7:
        Pass(false);
        Pass(false, /*sees=*/false);
        break;
      default: EndPods(0);
    }
    Pass(false);
  }

  /// When nothing more happens, all that has come has been trained.
  void Settle() {
    for (int i = 0; i < 40; ++i) {  // More than the hour that a look in vain may put off the next.
      EndPods(0);
      while (EndAJob()) continue;
      now_ += minutes(3);
      Pass(false);
      Pass(false);
    }
    EXPECT_EQ(trained_, std::to_string(head_)) << trigger_.dump(2);
    EXPECT_LT(objects_.size() - counted_, 2U) << trigger_.dump(2);
    const json before = trigger_;
    for (int i = 0; i < 3 && pods_.empty(); ++i) EXPECT_EQ(Pass(false), 0) << trigger_.dump(2);
  }

  int Started() const { return started_; }

 private:
  int Pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

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

  static bool IsActive(const json& job) { return !job.contains("status"); }

  bool EndAJob() {
    for (auto& [name, job] : jobs_) {
      if (!IsActive(job)) continue;
      job["status"] = {{"observedGeneration", 1},
                       {"phase", "Complete"},
                       {"completionTime", FormatTime(now_)},
                       {"conditions",
                        {{{"type", "Complete"},
                          {"status", "True"},
                          {"reason", "Complete"},
                          {"message", ""},
                          {"observedGeneration", 1},
                          {"lastTransitionTime", FormatTime(now_)}}}}};
      return true;
    }
    return false;
  }

  /// Returns the number of writes. An operator that does not see has a view in which jobs that it
  /// started within the last minute are missing.
  int Pass(bool dies, bool sees = true) {
    std::vector<json> objects{trigger_};
    for (const auto& [name, job] : jobs_) {
      const Instant created = *ParseTime(job["metadata"]["creationTimestamp"].get<std::string>());
      if (sees || created <= now_ - minutes(1)) objects.push_back(job);
    }
    for (const auto& [name, pod] : pods_) objects.push_back(pod);
    const Snapshot world = golden::MakeSnapshot(controller_, objects);
    const Outcome outcome = controller_.reconcile({{kHomeCluster, "n", "t"}, world, now_, {}});
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
      (removal->type.kind == "Pod" ? pods_ : jobs_).erase(removal->key.name);
      return;
    }
    const auto& create = std::get<Create>(action);
    auto& all = create.type.kind == "Pod" ? pods_ : jobs_;
    if (all.contains(create.key.name)) return;
    if (create.type.kind == "TrainingJob") CheckStart(create.body);
    json object = create.body;
    object["apiVersion"] = create.type.ApiVersion();
    object["kind"] = create.type.kind;
    object["metadata"].update({{"name", create.key.name},
                               {"namespace", "n"},
                               {"uid", "uid-" + std::to_string(++uids_)},
                               {"resourceVersion", "1"},
                               {"creationTimestamp", FormatTime(now_)},
                               {"ownerReferences", kOwner}});
    if (create.type.kind == "Pod") object["status"]["phase"] = "Pending";
    all[create.key.name] = std::move(object);
  }

  void CheckStart(const json& job) {
    ++started_;
    for (const auto& [name, other] : jobs_) {
      EXPECT_TRUE(!forbids_ || !IsActive(other)) << name << " is still active";
    }
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

  const Controller controller_ = MakeTrainingTriggerController(WithImage());
  std::mt19937 random_;
  const bool forbids_;
  Instant now_ = *ParseTime("2026-09-01T12:00:30Z");
  json trigger_;
  std::map<std::string, json> jobs_;
  std::map<std::string, json> pods_;
  int head_ = 1;
  std::vector<Instant> objects_;
  std::string trained_;      ///< The commit of the newest job, or of the first look.
  std::size_t counted_ = 0;  ///< The objects that were there then.
  bool looked_ = false;
  int started_ = 0;
  int uids_ = 0;
};

TEST(TrainingTriggerWatchLife, EachChangeIsTrainedOnce) {
  int started = 0;
  for (const char* policy : {"Allow", "Forbid", "Replace"}) {
    for (unsigned seed = 0; seed < 20 && !testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(std::string(policy) + ", seed " + std::to_string(seed));
      Life life(seed, policy);
      for (int i = 0; i < 80; ++i) life.Step();
      life.Settle();
      started += life.Started();
    }
  }
  EXPECT_GT(started, 100) << "else it has not lived";
}

}  // namespace
}  // namespace slipway
