#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "controllers/drift_monitor/controller.hpp"
#include "controllers/drift_monitor/kind.hpp"
#include "controllers/drift_monitor/report.hpp"
#include "operator/kube/labels.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::drift_monitor {
namespace {

using nlohmann::json;
using std::chrono::seconds;

const Instant kStart = ParseTime("2026-09-01T12:00:00Z").value();
constexpr seconds kInterval{600};

/// A namespace with one monitor, whose clock and kubelet the test plays.
class World {
 public:
  World() {
    monitor_ = {{"apiVersion", "slipway.dev/v1alpha1"},
                {"kind", "DriftMonitor"},
                {"metadata",
                 {{"name", "m"},
                  {"namespace", "n"},
                  {"uid", "u-1"},
                  {"generation", 1},
                  {"creationTimestamp", FormatTime(kStart)}}},
                {"spec", Spec()},
                {"status", {{"observedGeneration", -1}}}};
  }

  /// One pass; `status_lost` plays a crash between the writes of the plan and that of the status.
  void Pass(bool status_lost = false) {
    const auto outcome = controller_.reconcile({key_, Take(), now_, {}});
    for (const auto& action : outcome.plan.actions) Execute(action);
    wake_at_ = outcome.plan.wake_at;
    if (status_lost) return;
    if (outcome.status) monitor_["status"] = *outcome.status;
    events_ += outcome.plan.events.size();
  }

  /// Passes until one finds nothing to do.
  void Settle() {
    for (int i = 0; i < 10; ++i) {
      const json before = {monitor_, Pods()};
      Pass();
      if (before == json{monitor_, Pods()}) return;
    }
    ADD_FAILURE() << "ten passes and still something to do: " << monitor_["status"].dump();
  }

  void Advance(seconds time) { now_ += time; }
  Instant Now() const { return now_; }
  std::optional<Instant> WakeAt() const { return wake_at_; }
  std::size_t Events() const { return events_; }
  const json& Status() const { return monitor_["status"]; }
  /// The generation that the condition Ready speaks of.
  json ReadyGeneration() const {
    for (const auto& item : Status()["conditions"]) {
      if (item["type"] == "Ready") return item["observedGeneration"];
    }
    return nullptr;
  }
  const std::set<std::string>& EverCreated() const { return ever_created_; }
  std::size_t PodCount() const { return pods_.size(); }

  void EndPods() {
    for (auto& [name, pod] : pods_) {
      if (pod["status"]["phase"] != "Running") continue;
      Report report;
      report.samples = 500;
      report.verdict = Verdict::kHealthy;
      const json end = {
          {"exitCode", 0}, {"finishedAt", FormatTime(now_)}, {"message", WriteReport(report)}};
      pod["status"] = {{"phase", "Succeeded"},
                       {"containerStatuses",
                        json::array({{{"name", "evaluation"}, {"state", {{"terminated", end}}}}})}};
    }
  }

  void Edit(const json& patch) {
    monitor_["spec"].merge_patch(patch);
    monitor_["metadata"]["generation"] = monitor_["metadata"]["generation"].get<int>() + 1;
  }

 private:
  static json Spec() {
    const json file = {{"format", "CSV"}, {"configMap", {{"name", "data"}, {"key", "a.csv"}}}};
    json production = file;
    production.update({{"maxRows", 1000}, {"minSamples", 100}});
    return {{"intervalSeconds", kInterval.count()},
            {"suspend", false},
            {"reference", file},
            {"production", production},
            {"metrics", json::array({{{"name", "PopulationStabilityIndex"},
                                      {"warningThreshold", "0.1"},
                                      {"threshold", "0.2"}}})},
            {"decision", {{"driftShare", "0.3"}, {"consecutiveBreaches", 1}}},
            {"resources", json::object()}};
  }

  json Pods() const {
    json pods = json::array();
    for (const auto& [name, pod] : pods_) pods.push_back(pod);
    return pods;
  }

  template <class T>
  ObjectPtr Decode(const Resource<T>& resource, const json& object) const {
    const std::string text = object.dump();
    JsonParser parser;
    const auto view = parser.Parse(text).value();
    auto meta = DecodeMeta(view).value();
    ObjectKey key{kHomeCluster, meta.ns, meta.name};
    return std::make_shared<const Object>(
        Object{resource.type, std::move(key), std::move(meta),
               std::make_shared<const T>(resource.decode(view).value()), ""});
  }

  Snapshot Take() const {
    std::vector<ObjectPtr> objects{Decode(kDriftMonitors, monitor_)};
    for (const auto& [name, pod] : pods_) objects.push_back(Decode(kPods, pod));
    return Snapshot(std::move(objects));
  }

  void Execute(const Action& action) {
    if (const auto* removal = std::get_if<Delete>(&action)) {
      EXPECT_EQ(pods_.at(removal->key.name)["metadata"]["uid"], removal->uid);
      pods_.erase(removal->key.name);
      return;
    }
    const auto& creation = std::get<Create>(action);
    EXPECT_TRUE(ever_created_.insert(creation.key.name).second)
        << creation.key.name << " is made a second time";
    EXPECT_TRUE(std::ranges::none_of(pods_, [](const auto& item) {
      return item.second["status"]["phase"] == "Running";
    })) << "two evaluations at a time";
    json pod = creation.body;
    json& meta = pod["metadata"];
    meta.update({{"name", creation.key.name},
                 {"namespace", "n"},
                 {"uid", "pod-" + creation.key.name},
                 {"creationTimestamp", FormatTime(now_)}});
    meta["labels"][std::string(labels::kOwnerUid)] = "u-1";
    meta["ownerReferences"] = json::array(
        {{{"kind", "DriftMonitor"}, {"name", "m"}, {"uid", "u-1"}, {"controller", true}}});
    pod["status"] = {{"phase", "Running"}};
    pods_[creation.key.name] = std::move(pod);
  }

  static Settings WithImage() {
    Settings settings;
    settings.worker_image = "slipway";
    return settings;
  }

  Controller controller_ = MakeDriftMonitorController(WithImage());
  ObjectKey key_{kHomeCluster, "n", "m"};
  json monitor_;
  std::map<std::string, json> pods_;
  std::set<std::string> ever_created_;
  std::size_t events_ = 0;
  std::optional<Instant> wake_at_;
  Instant now_ = kStart;
};

TEST(DriftSchedule, EvaluatesOncePerIntervalAndTidiesUp) {
  World world;
  for (int run = 0; run < 25; ++run) {
    world.Settle();
    EXPECT_EQ(world.PodCount(), 1U) << "run " << run;
    world.Advance(seconds(7));
    world.EndPods();
    world.Settle();
    EXPECT_EQ(world.PodCount(), 0U) << "run " << run;
    EXPECT_EQ(world.Status()["history"].front()["run"], run);
    ASSERT_EQ(world.WakeAt(), kStart + kInterval * (run + 1));
    world.Advance(std::chrono::floor<seconds>(*world.WakeAt() - world.Now()));
  }
  EXPECT_EQ(world.EverCreated().size(), 25U);
  EXPECT_EQ(world.Status()["history"].size(), 20U);
  EXPECT_EQ(world.Events(), 1U) << "that it is healthy, once";
}

TEST(DriftSchedule, SkipsTheTimesThatPassedWhileTheOperatorWasAway) {
  World world;
  world.Settle();
  world.EndPods();
  world.Settle();
  world.Advance(kInterval * 10 + seconds(5));
  world.Settle();
  EXPECT_EQ(world.EverCreated().size(), 2U);
  EXPECT_EQ(world.WakeAt(), kStart + kInterval * 11);
}

TEST(DriftSchedule, StaysOneAtATimeWhenTheIntervalChangesEitherWay) {
  World world;
  for (const int interval : {5, 86'400, 600, 30}) {
    world.Edit({{"intervalSeconds", interval}});
    world.Settle();
    EXPECT_EQ(world.PodCount(), 1U) << "every " << interval << " s";
    world.Advance(seconds(3));
    world.EndPods();
    world.Settle();
    EXPECT_EQ(world.ReadyGeneration(), world.Status()["observedGeneration"]);
    world.Advance(seconds(2 * interval));
    world.Settle();
    EXPECT_EQ(world.PodCount(), 1U) << "the next one, every " << interval << " s";
    world.EndPods();
    world.Settle();
  }
}

class DriftScheduleWithCrashes : public testing::TestWithParam<unsigned> {};

TEST_P(DriftScheduleWithCrashes, NeverRepeatsARunNorOverlaps) {
  std::mt19937 random(GetParam());
  World world;
  for (int step = 0; step < 200; ++step) {
    const bool crash = random() % 3 == 0;
    world.Pass(crash);
    if (random() % 2 == 0) world.Advance(seconds(random() % 400));
    if (random() % 3 == 0) world.EndPods();
    if (random() % 40 == 0) world.Edit({{"suspend", random() % 2 == 0}});
  }
  world.Edit({{"suspend", false}});
  world.Settle();
  world.EndPods();
  world.Settle();
  EXPECT_EQ(world.Status()["phase"], "Healthy");
  EXPECT_EQ(world.PodCount(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, DriftScheduleWithCrashes, testing::Range(1U, 11U));

}  // namespace
}  // namespace slipway::drift_monitor
