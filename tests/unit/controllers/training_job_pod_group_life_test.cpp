#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>

#include "controllers/training_job/controller.hpp"
#include "tests/golden/decode.hpp"

// A gang that another scheduler gathers, in a cluster in which the operator looks and writes at any
// time and dies between two writes, and in which everything else goes wrong as well.
namespace slipway::training_job {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr std::size_t kNodes = 2;
const std::string kJob = "TrainingJob/a";

Controller WithGangs(GangScheduler scheduler) {
  Settings settings;
  settings.gang_scheduler = scheduler;
  return MakeTrainingJobController(settings);
}

class Life {
 public:
  Life(GangScheduler scheduler, std::uint32_t seed)
      : volcano_(scheduler == GangScheduler::kVolcano),
        controller_(WithGangs(scheduler)),
        random_(seed) {
    Put({{"apiVersion", "slipway.dev/v1alpha1"},
         {"kind", "TrainingJob"},
         {"metadata", {{"name", "a"}, {"namespace", "ns"}, {"uid", "job"}, {"generation", 1}}},
         {"spec",
          {{"framework", "Custom"},
           {"trainer", {{"image", "i"}, {"numNodes", kNodes}, {"numProcPerNode", "auto"}}},
           {"suspend", false},
           {"schedulingPolicy", {{"gang", "Required"}, {"scheduleTimeoutSeconds", 60}}},
           {"failurePolicy", {{"maxRestarts", 1000}, {"backoffSeconds", 0}}},
           {"cleanPodPolicy", "Running"}}},
         {"status", {{"observedGeneration", -1}}}});
  }

  void Step() {
    switch (Draw(8)) {
      case 0:
      case 1: return Look();
      case 2:
      case 3: return Act(Draw(4) == 0 ? Draw(3) : kAllWrites);
      case 4:
      case 5: return Schedule();
      case 6: return EndOne(Draw(3) == 0 ? "Failed" : "Succeeded");
      default: return Disturb();
    }
  }

  /// From here on nothing goes wrong any more. Whether the job ends, and its PodGroup with it.
  bool Settle() {
    Suspend(false);
    for (int round = 0; round < 200 && !IsOver(); ++round) {
      Look();
      Act(kAllWrites);
      Schedule();
      EndOne("Succeeded");
      now_ += seconds(7);
    }
    return IsOver();
  }

  std::string Tell() const {
    std::string text;
    for (const auto& [name, object] : objects_) {
      if (!name.starts_with("Service/")) text += name + ": " + object.dump() + "\n";
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

  void Put(json object) {
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    const std::string name =
        object["kind"].get<std::string>() + "/" + object["metadata"]["name"].get<std::string>();
    objects_[name] = std::move(object);
  }

  std::vector<std::string> Named(const std::string& kind) const {
    std::vector<std::string> names;
    for (const auto& [name, object] : objects_) {
      if (name.starts_with(kind + "/")) names.push_back(name);
    }
    return names;
  }

  bool IsOver() const {
    return objects_.at(kJob)["status"].value("phase", "") == "Complete" &&
           Named("PodGroup").empty();
  }

  void Suspend(bool suspend) {
    json job = objects_[kJob];
    if (job["spec"]["suspend"] == suspend) return;
    job["spec"]["suspend"] = suspend;
    job["metadata"]["generation"] = job["metadata"]["generation"].get<int>() + 1;
    Put(std::move(job));
  }

  void Look() {
    std::vector<json> all;
    Pass pass;
    for (const auto& [name, object] : objects_) {
      all.push_back(object);
      pass.versions[name] = object["metadata"]["resourceVersion"].get<std::string>();
    }
    const Snapshot world = golden::MakeSnapshot(controller_, all);
    pass.outcome = controller_.reconcile({{kHomeCluster, "ns", "a"}, world, now_, {}});
    pass_ = std::move(pass);
  }

  bool Unchanged(const Pass& pass, const std::string& name) const {
    const auto seen = pass.versions.find(name);
    const auto there = objects_.find(name);
    return seen != pass.versions.end() && there != objects_.end() &&
           there->second["metadata"]["resourceVersion"] == seen->second;
  }

  /// The process dies after so many writes.
  void Act(int writes) {
    if (!pass_ || !Unchanged(*pass_, kJob)) return;
    const Pass pass = *std::exchange(pass_, std::nullopt);
    for (const auto& action : pass.outcome.plan.actions) {
      if (writes-- == 0) return;
      Write(pass, action);
    }
    if (writes <= 0 || !pass.outcome.status) return;
    json job = objects_[kJob];
    job["status"] = *pass.outcome.status;
    Put(std::move(job));
  }

  void Write(const Pass& pass, const Action& action) {
    if (const auto* create = std::get_if<Create>(&action)) {
      if (create->type.kind == "Pod") CheckPod(pass, *create);
      return Make(create->type, create->key, create->body);
    }
    if (const auto* apply = std::get_if<Apply>(&action)) {
      return Make(apply->type, apply->key, apply->body);
    }
    const auto& removal = std::get<Delete>(action);
    const std::string name = std::string(removal.type.kind) + "/" + removal.key.name;
    const auto there = objects_.find(name);
    if (there == objects_.end() || there->second["metadata"]["uid"] != removal.uid) return;
    if (!removal.as_seen || Unchanged(pass, name)) objects_.erase(there);
  }

  void Make(const ResourceType& type, const ObjectKey& key, json object) {
    if (objects_.contains(std::string(type.kind) + "/" + key.name)) return;
    object["apiVersion"] = type.ApiVersion();
    object["kind"] = type.kind;
    json& meta = object["metadata"];
    meta["name"] = key.name;
    meta["namespace"] = "ns";
    meta["uid"] = "child-" + std::to_string(version_);
    meta["labels"]["app.kubernetes.io/managed-by"] = "slipway";
    meta["labels"]["slipway.dev/owner-uid"] = "job";
    meta["ownerReferences"] = json::array(
        {{{"kind", "TrainingJob"}, {"name", "a"}, {"uid", "job"}, {"controller", true}}});
    if (type.kind == "Pod") object["status"] = {{"phase", "Pending"}};
    Put(std::move(object));
  }

  /// The first pod comes after the PodGroup, and each of them is a member.
  void CheckPod(const Pass& pass, const Create& create) const {
    const auto saw = [&](const std::string& kind) {
      return std::ranges::any_of(
          pass.versions, [&](const auto& one) { return one.first.starts_with(kind + "/"); });
    };
    EXPECT_TRUE(saw("PodGroup") || saw("Pod")) << Tell();
    const json& meta = create.body["metadata"];
    const json marks = meta.value(volcano_ ? "annotations" : "labels", json::object());
    EXPECT_TRUE(marks.contains(volcano_ ? "scheduling.k8s.io/group-name"
                                        : "scheduling.x-k8s.io/pod-group"));
    EXPECT_EQ(create.body["spec"]["schedulerName"],
              volcano_ ? "volcano" : "scheduler-plugins-scheduler");
    EXPECT_FALSE(create.body["spec"].contains("schedulingGates"));
  }

  /// Volcano lets the group in; either binds one pod of a group all of whose pods are there.
  void Schedule() {
    for (const auto& name : Named("PodGroup")) {
      json group = objects_[name];
      const std::string phase = group.value("status", json::object()).value("phase", "");
      const bool moves = phase.empty() || phase == "Pending";
      if (!moves) continue;
      group["status"]["phase"] = phase.empty() ? "Pending" : volcano_ ? "Inqueue" : "Scheduling";
      return Put(std::move(group));
    }
    if (Named("PodGroup").empty() || Named("Pod").size() < kNodes) return;
    for (const auto& name : Named("Pod")) {
      json pod = objects_[name];
      if (pod["spec"].contains("nodeName")) continue;
      pod["spec"]["nodeName"] = "machine";
      pod["status"]["phase"] = "Running";
      return Put(std::move(pod));
    }
  }

  /// A pod of a group all of whose pods run ends.
  void EndOne(const std::string& phase) {
    const auto pods = Named("Pod");
    const auto placed = [&](const auto& name) {
      return objects_.at(name)["spec"].contains("nodeName");
    };
    if (pods.size() < kNodes || !std::ranges::all_of(pods, placed)) return;
    for (const auto& name : pods) {
      json pod = objects_[name];
      if (pod["status"]["phase"] != "Running") continue;
      pod["status"]["phase"] = phase;
      return Put(std::move(pod));
    }
  }

  void Disturb() {
    const auto groups = Named("PodGroup");
    switch (Draw(4)) {
      case 0: now_ += seconds(25); return;
      case 1: return Suspend(true);
      case 2: return Suspend(false);
      default:
        if (groups.empty()) return;
        if (Draw(2) == 0) {
          objects_.erase(groups.front());
        } else {
          json group = objects_[groups.front()];
          group["status"]["phase"] = "Pending";
          Put(std::move(group));
        }
    }
  }

  const bool volcano_;
  const Controller controller_;
  std::mt19937 random_;
  std::map<std::string, json> objects_;
  std::optional<Pass> pass_;
  Instant now_ = ParseTime("2026-09-01T12:00:00Z").value();
  int version_ = 0;
};

void PlayLives(GangScheduler scheduler) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    Life life(scheduler, seed);
    for (int step = 0; step < 120; ++step) life.Step();
    EXPECT_TRUE(life.Settle()) << "comes to no end\n" << life.Tell();
    if (testing::Test::HasFailure()) FAIL() << "seed " << seed;
  }
}

TEST(TrainingJobPodGroupLife, EndsWithVolcano) { PlayLives(GangScheduler::kVolcano); }

TEST(TrainingJobPodGroupLife, EndsWithCoscheduling) { PlayLives(GangScheduler::kCoscheduling); }

}  // namespace
}  // namespace slipway::training_job
