#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "controllers/training_job/controller.hpp"
#include "controllers/training_job/kind.hpp"
#include "tests/golden/decode.hpp"

// Two jobs want the same room, and whoever works on them looks and writes at any time: what a pass
// writes was planned on a view that may be older than what others have written since.
namespace slipway::training_job {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr int kRoom = 2;  ///< Pods that fit onto the one machine.

class Cluster {
 public:
  Cluster(const Controller& controller, std::uint32_t seed, bool strangers)
      : controller_(controller), random_(seed), strangers_(strangers) {
    Put({{"apiVersion", "v1"},
         {"kind", "Node"},
         {"metadata", {{"name", "machine"}, {"uid", "machine"}}},
         {"status", {{"allocatable", {{"cpu", kRoom}, {"pods", 10}}}}}});
    for (const char* name : {"a", "b"}) AddJob(name);
  }

  /// Some step of somebody.
  void Step() {
    const std::string job = Chance(2) ? "a" : "b";
    switch (Draw(6)) {
      case 0:
      case 1: Look(job); break;
      case 2:
      case 3: Act(job, Chance(4) ? Draw(3) : kAllWrites); break;
      case 4: Schedule(); break;
      default:
        if (strangers_) Disturb();
    }
    Check();
  }

  /// From here on nothing goes wrong any more. Whether both jobs come to their end.
  bool Settle() {
    Remove("Pod/stranger");
    for (int round = 0; round < 120 && !(IsComplete("a") && IsComplete("b")); ++round) {
      for (const char* job : {"a", "b"}) {
        Look(job);
        Act(job, kAllWrites);
        Check();
      }
      Schedule();
      FinishPods();
      now_ += seconds(7);
    }
    return IsComplete("a") && IsComplete("b");
  }

  std::string Tell() const {
    std::string text;
    for (const auto& [name, object] : objects_) {
      if (object["kind"] != "TrainingJob") continue;
      text += name + ": " + object["status"].dump(1) + "\n";
    }
    return text;
  }

 private:
  static constexpr int kAllWrites = 1000;

  struct Pass {
    Outcome outcome;
    std::map<std::string, std::string> versions;
  };

  int Draw(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  bool Chance(int one_in) { return Draw(one_in) == 0; }

  static std::string NameOf(const json& object) {
    return object["kind"].get<std::string>() + "/" + object["metadata"]["name"].get<std::string>();
  }

  void Put(json object) {
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    const std::string name = NameOf(object);
    objects_[name] = std::move(object);
  }
  void Remove(const std::string& name) { objects_.erase(name); }

  void AddJob(const std::string& name) {
    Put({{"apiVersion", "slipway.dev/v1alpha1"},
         {"kind", "TrainingJob"},
         {"metadata",
          {{"name", name}, {"namespace", "ns"}, {"uid", "job-" + name}, {"generation", 1}}},
         {"spec",
          {{"framework", "Custom"},
           {"trainer",
            {{"image", "i"},
             {"numNodes", kRoom},
             {"numProcPerNode", "auto"},
             {"resourcesPerNode", {{"requests", {{"cpu", "1"}}}}}}},
           {"suspend", false},
           {"schedulingPolicy", {{"gang", "Required"}, {"scheduleTimeoutSeconds", 60}}},
           {"failurePolicy", {{"maxRestarts", 0}, {"backoffSeconds", 0}}},
           {"cleanPodPolicy", "Running"}}},
         {"status", {{"observedGeneration", -1}}}});
  }

  void Look(const std::string& job) {
    std::vector<json> all;
    Pass pass;
    for (const auto& [name, object] : objects_) {
      all.push_back(object);
      pass.versions[name] = object["metadata"]["resourceVersion"].get<std::string>();
    }
    const Snapshot world = golden::MakeSnapshot(controller_, all);
    pass.outcome = controller_.reconcile({{kHomeCluster, "ns", job}, world, now_, {}});
    passes_[job] = std::move(pass);
  }

  bool Unchanged(const Pass& pass, const std::string& name) const {
    const auto seen = pass.versions.find(name);
    const auto there = objects_.find(name);
    return seen != pass.versions.end() && there != objects_.end() &&
           there->second["metadata"]["resourceVersion"] == seen->second;
  }

  /// The process dies after so many writes.
  void Act(const std::string& job, int writes) {
    const auto found = passes_.find(job);
    if (found == passes_.end()) return;
    const Pass pass = std::move(found->second);
    passes_.erase(found);
    const std::string itself = "TrainingJob/" + job;
    if (!Unchanged(pass, itself)) return;  // As Executor::ConfirmOwner does.
    for (const auto& action : pass.outcome.plan.actions) {
      if (writes-- == 0) return;
      Write(job, pass, action);
    }
    if (writes <= 0 || !pass.outcome.status || !Unchanged(pass, itself)) return;
    json object = objects_[itself];
    CheckNotTakenBack(object["status"], *pass.outcome.status);
    object["status"] = *pass.outcome.status;
    Put(std::move(object));
  }

  void Write(const std::string& job, const Pass& pass, const Action& action) {
    if (const auto* create = std::get_if<Create>(&action)) return Make(job, *create);
    if (const auto* patch = std::get_if<Patch>(&action)) {
      const std::string name = "Pod/" + patch->key.name;
      if (!Unchanged(pass, name)) return;
      json pod = objects_[name];
      pod.merge_patch(patch->body);
      return Put(std::move(pod));
    }
    const auto& removal = std::get<Delete>(action);
    const std::string name = "Pod/" + removal.key.name;
    const auto there = objects_.find(name);
    if (there == objects_.end() || there->second["metadata"]["uid"] != removal.uid) return;
    if (removal.as_seen && !Unchanged(pass, name)) return;
    Remove(name);
  }

  void Make(const std::string& job, const Create& create) {
    json object = create.body;
    object["apiVersion"] = create.type.ApiVersion();
    object["kind"] = create.type.kind;
    json& meta = object["metadata"];
    meta["name"] = create.key.name;
    meta["namespace"] = "ns";
    meta["uid"] = "child-" + std::to_string(version_);
    meta["labels"]["app.kubernetes.io/managed-by"] = "slipway";
    meta["labels"]["slipway.dev/owner-uid"] = "job-" + job;
    meta["ownerReferences"] = json::array(
        {{{"kind", "TrainingJob"}, {"name", job}, {"uid", "job-" + job}, {"controller", true}}});
    object["status"] = {{"phase", "Pending"}};
    if (!objects_.contains(NameOf(object))) Put(std::move(object));
  }

  static bool IsPod(const json& object) { return object["kind"] == "Pod"; }
  static bool IsGated(const json& pod) { return pod["spec"].contains("schedulingGates"); }
  static bool IsPlaced(const json& pod) { return pod["spec"].contains("nodeName"); }
  static bool Holds(const json& pod) {
    return IsPlaced(pod) && pod["status"]["phase"] == "Running";
  }

  int Held() const {
    return static_cast<int>(std::ranges::count_if(
        objects_, [](const auto& entry) { return IsPod(entry.second) && Holds(entry.second); }));
  }

  /// The scheduler places one pod, if there is room.
  void Schedule() {
    for (auto& [name, object] : objects_) {
      if (!IsPod(object) || IsGated(object) || IsPlaced(object) || Held() >= kRoom) continue;
      json pod = object;
      pod["spec"]["nodeName"] = "machine";
      pod["status"]["phase"] = "Running";
      return Put(std::move(pod));
    }
  }

  void FinishPods() {
    for (auto& [name, object] : objects_) {
      const bool of_a_whole_group =
          IsPod(object) && Holds(object) && object["metadata"].contains("ownerReferences") &&
          Placed(object["metadata"]["ownerReferences"][0]["name"]) == kRoom;
      if (of_a_whole_group) finished_.insert(name);
    }
    for (const auto& name : finished_) {
      if (!objects_.contains(name) || !Holds(objects_[name])) continue;
      json pod = objects_[name];
      pod["status"] = {{"phase", "Succeeded"}};
      Put(std::move(pod));
    }
    finished_.clear();
  }

  int Placed(const std::string& job) const {
    return static_cast<int>(std::ranges::count_if(objects_, [&](const auto& entry) {
      const json& object = entry.second;
      return IsPod(object) && IsPlaced(object) && object["metadata"].contains("ownerReferences") &&
             object["metadata"]["ownerReferences"][0]["name"] == job;
    }));
  }

  /// Somebody else's pod comes or goes, or time passes.
  void Disturb() {
    if (Chance(2)) {
      now_ += seconds(25);
    } else if (objects_.contains("Pod/stranger")) {
      Remove("Pod/stranger");
    } else if (Held() < kRoom) {
      Put({{"apiVersion", "v1"},
           {"kind", "Pod"},
           {"metadata", {{"name", "stranger"}, {"namespace", "other"}, {"uid", "stranger"}}},
           {"spec",
            {{"nodeName", "machine"},
             {"containers", json::array({{{"resources", {{"requests", {{"cpu", "1"}}}}}}})}}},
           {"status", {{"phase", "Running"}}}});
    }
  }

  /// Without others, the scheduler is never given pods that do not fit together.
  void Check() const {
    if (strangers_) return;
    int given = 0;
    for (const auto& [name, object] : objects_) {
      const bool counts =
          IsPod(object) && !IsGated(object) && object["status"]["phase"] != "Succeeded";
      given += counts ? 1 : 0;
    }
    EXPECT_LE(given, kRoom) << "two jobs were given the same room\n" << Tell();
  }

  static std::string StateOf(const json& status) {
    return status.value("gang", json::object()).value("state", "");
  }
  static int Requeues(const json& status) {
    return status.value("gang", json::object()).value("requeues", 0);
  }

  void CheckNotTakenBack(const json& before, const json& after) const {
    if (Requeues(after) == Requeues(before)) return;
    EXPECT_TRUE(strangers_) << "taken back without any reason";
    EXPECT_EQ(StateOf(before), "Released") << "a group was taken back that had started\n" << Tell();
    EXPECT_EQ(after.value("restarts", 0), before.value("restarts", 0)) << "it counts as a restart";
  }

  bool IsComplete(const std::string& job) const {
    return objects_.at("TrainingJob/" + job)["status"].value("phase", "") == "Complete";
  }

  const Controller& controller_;
  std::mt19937 random_;
  const bool strangers_;
  std::map<std::string, json> objects_;
  std::map<std::string, Pass> passes_;
  std::set<std::string> finished_;
  Instant now_ = ParseTime("2026-09-01T12:00:00Z").value();
  int version_ = 0;
};

Controller WithBarrier() {
  Settings settings;
  settings.gang_scheduler = GangScheduler::kBarrier;
  return MakeTrainingJobController(settings);
}

void PlayLives(bool strangers) {
  const Controller controller = WithBarrier();
  for (std::uint32_t seed = 1; seed <= 150; ++seed) {
    Cluster cluster(controller, seed, strangers);
    for (int step = 0; step < 80; ++step) cluster.Step();
    EXPECT_TRUE(cluster.Settle()) << "seed " << seed << " comes to no end\n" << cluster.Tell();
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

TEST(TrainingJobGangRace, TheSameRoomIsNeverGivenTwice) { PlayLives(false); }

TEST(TrainingJobGangRace, WhatOthersTakeFromAReleasedGroupIsNoEndOfIt) { PlayLives(true); }

}  // namespace
}  // namespace slipway::training_job
