#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "tests/unit/controllers/training_job_toy_world.hpp"

namespace slipway::training_job {

using nlohmann::json;
using std::chrono::seconds;

inline json Spec(int nodes, int max_restarts) {
  return {{"framework", "Torch"},
          {"trainer", {{"image", "i"}, {"numNodes", nodes}, {"numProcPerNode", "auto"}}},
          {"suspend", false},
          {"failurePolicy", {{"maxRestarts", max_restarts}, {"backoffSeconds", 10}}},
          {"cleanPodPolicy", "Running"}};
}

/// With two steps before the training and one behind it.
inline json WithSteps(json spec, int retries) {
  spec["prepare"] = json::array({{{"name", "ingest"}, {"retries", retries}},
                                 {{"name", "check"}, {"image", "c"}, {"retries", retries}}});
  const json step = {{"retries", retries}};
  const json metric = {{"name", "auc"}, {"goal", "Maximize"}};
  spec["evaluation"] = {{"metricsFrom", {{"file", "/dev/termination-log"}, {"step", step}}},
                        {"metrics", json::array({metric})}};
  return spec;
}

/// A node that fails is restarted by itself.
inline json MemberSpec(int nodes, int max_restarts) {
  json spec = Spec(nodes, max_restarts);
  spec["framework"] = "Custom";
  spec["failurePolicy"]["rules"] = json::array(
      {{{"action", "RestartMember"}, {"onExitCodes", {{"operator", "In"}, {"values", {1}}}}}});
  return spec;
}

/// What the kubelet and the user do, as a function of the world, so that it is the same with and
/// without a crash of the operator.
struct Script {
  std::string name;
  /// Attempts below this number fail on node 1, later ones succeed.
  int failing_attempts = 0;
  /// Suspend when the group first runs, resume when its pods are gone.
  bool pause = false;
  int max_restarts = 3;
  /// When the group first runs, let it be suspended, changed to so many nodes and resumed before
  /// the operator looks again.
  int nodes_unseen = 0;
  /// When the group first runs, node 1 loses its labels.
  bool hide = false;
  /// With steps, of which each fails so often.
  std::optional<int> failing_steps = std::nullopt;
  /// Suspend and resume while a pod of this step runs, or, when it is to be changed, in passing
  /// when the group first runs.
  std::string pause_in{};
  std::string change{};
  /// Node 1 fails so often and is restarted by itself.
  int failing_members = 0;
  /// An elastic job of three nodes, which loses this one when it first runs ...
  std::optional<int> loses = std::nullopt;
  /// ... and is then to have so many; it ends when it has them.
  int resized = 0;
};

/// Two of its nodes are enough.
inline json ElasticSpec(int nodes, int max_restarts) {
  json spec = Spec(nodes, max_restarts);
  spec["elasticPolicy"] = {
      {"minNodes", 2}, {"maxNodes", 4}, {"maxRestarts", 10}, {"scaleCooldownSeconds", 60}};
  return spec;
}

inline json Spec(const Script& script) {
  if (script.loses) {
    json spec = ElasticSpec(3, script.max_restarts);
    return script.failing_steps ? WithSteps(std::move(spec), 2) : spec;
  }
  json spec = script.failing_members > 0 ? MemberSpec(2, script.max_restarts)
                                         : Spec(2, script.max_restarts);
  return script.failing_steps ? WithSteps(std::move(spec), 2) : spec;
}

inline bool AnyPending(const ToyWorld& world) {
  return std::ranges::any_of(world.PodNames(),
                             [&](const auto& name) { return world.PodPhase(name) == "Pending"; });
}

/// Moves every pod one step on.
inline void StepPods(ToyWorld& world, const Script& script) {
  const auto names = world.PodNames();
  const auto size =
      std::ranges::count_if(names, [&](const auto& name) { return world.StepOf(name).empty(); });
  const bool waits = script.resized > 0 && size != script.resized;
  const bool all_run = !AnyPending(world) && !waits;
  for (const auto& name : world.PodNames()) {
    if (world.IsEnding(name)) {
      world.RemovePod(name);
    } else if (world.PodPhase(name) == "Pending") {
      world.StartPod(name);
    } else if (!world.StepOf(name).empty()) {
      world.EndPod(name, world.Attempt(name) < script.failing_steps.value_or(0) ? 1 : 0);
    } else if (all_run) {
      const bool fails =
          world.Node(name) == 1 && (world.Attempt(name) < script.failing_attempts ||
                                    world.MemberRestarts(name) < script.failing_members);
      // A real group would hang when one member fails; here the healthy ones just go on.
      if (fails) world.EndPod(name, 1);
      if (!fails && world.Attempt(name) >= script.failing_attempts) world.EndPod(name, 0);
    }
  }
}

/// Lets a script happen, and the operator look at it, until there is nothing left to do.
class Driver {
 public:
  Driver(ToyWorld& world, const Script& script) : world_(world), script_(script) {}

  /// Runs until nothing changes any more, dying once before write number `crash_at`. Returns how
  /// many writes there were.
  int Run(std::optional<int> crash_at = std::nullopt) {
    int writes = 0;
    for (int round = 0; round < 300; ++round) {
      std::optional<int> left;
      if (crash_at && writes <= *crash_at && !crashed_) left = *crash_at - writes;
      const auto pass = world_.Pass(left);
      writes += pass.writes;
      crashed_ = crashed_ || pass.crashed;
      if (pass.writes > 0 || pass.crashed) continue;  // As the watch would, look again at once.
      if (!UserOrKubeletActs(pass)) return writes;
    }
    ADD_FAILURE() << "never comes to rest: " << world_.Status().dump(2);
    return writes;
  }

 private:
  bool UserOrKubeletActs(const ToyWorld::PassResult& pass) {
    if (script_.pause && !paused_ && world_.Phase() == "Running") {
      world_.SetSpec("suspend", true);
      return paused_ = true;
    }
    if (paused_ && !resumed_ && world_.Phase() == "Suspended" && world_.PodNames().empty()) {
      world_.SetSpec("suspend", false);
      return resumed_ = true;
    }
    if (script_.nodes_unseen > 0 && !changed_ && world_.Phase() == "Running") {
      json trainer = world_.Job().at("spec").at("trainer");
      trainer["numNodes"] = script_.nodes_unseen;
      trainer["image"] = "another";
      world_.SetSpec("trainer", trainer);
      return changed_ = true;
    }
    if (script_.hide && !hidden_ && world_.Phase() == "Running") {
      for (const auto& name : world_.PodNames()) {
        if (world_.Node(name) == 1) world_.HidePod(name);
      }
      return hidden_ = true;
    }
    if (ChangesOrPausesSteps() || LosesOrResizes()) return true;
    const auto before = Fingerprint();
    StepPods(world_, script_);
    world_.Advance(seconds(1));
    if (Fingerprint() != before) return true;
    if (!pass.wake_at || *pass.wake_at < world_.Now()) return false;
    world_.Advance(std::chrono::ceil<seconds>(*pass.wake_at - world_.Now()));
    return true;
  }

  bool LosesOrResizes() {
    if (!script_.loses || world_.Phase() != "Running") return false;
    if (!lost_) {
      for (const auto& name : world_.PodNames()) {
        if (world_.Node(name) == *script_.loses) world_.DeletePod(name);
      }
      return lost_ = true;
    }
    if (script_.resized == 0 || changed_) return false;
    json trainer = world_.Job().at("spec").at("trainer");
    trainer["numNodes"] = script_.resized;
    world_.SetSpec("trainer", trainer);
    return changed_ = true;
  }

  bool ChangesOrPausesSteps() {
    if (!script_.change.empty() && !changed_ && world_.Phase() == "Running") {
      json prepare = world_.Job().at("spec").at("prepare");
      for (json& step : prepare) {
        if (step["name"] == script_.change) step["image"] = "another";
      }
      world_.SetSpec("prepare", prepare);
      return changed_ = true;
    }
    if (!script_.pause_in.empty() && !paused_) {
      for (const auto& name : world_.PodNames()) {
        if (world_.StepOf(name) != script_.pause_in || world_.PodPhase(name) != "Running") continue;
        world_.SetSpec("suspend", true);
        return paused_ = true;
      }
    }
    return false;
  }

  std::string Fingerprint() const {
    std::string text;
    for (const auto& name : world_.PodNames()) text += name + world_.PodPhase(name);
    return text;
  }

  ToyWorld& world_;
  const Script& script_;
  bool crashed_ = false;
  bool paused_ = false;
  bool resumed_ = false;
  bool changed_ = false;
  bool hidden_ = false;
  bool lost_ = false;
};

}  // namespace slipway::training_job
