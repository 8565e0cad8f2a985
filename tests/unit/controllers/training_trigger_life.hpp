#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "controllers/training_trigger/controller.hpp"
#include "tests/golden/decode.hpp"

namespace slipway {

/// A trigger with its jobs and pods as an API server keeps them, and an operator that may die after
/// any write or not see the newest jobs. Checks of each start and deletion that the policy holds.
class TriggerLife {
 public:
  TriggerLife(const Settings& settings, nlohmann::json trigger, const std::string& policy,
              unsigned seed)
      : trigger_(std::move(trigger)),
        policy_(policy),
        controller_(MakeTrainingTriggerController(settings)),
        random_(seed) {
    trigger_["spec"]["concurrencyPolicy"] = policy;
  }
  virtual ~TriggerLife() = default;
  TriggerLife(const TriggerLife&) = delete;
  TriggerLife& operator=(const TriggerLife&) = delete;

  virtual void Step() = 0;
  /// Lets nothing else happen any more, and checks what then has to be true.
  virtual void Settle() = 0;
  virtual std::size_t Started() const = 0;

 protected:
  /// What else the operator sees.
  virtual std::vector<nlohmann::json> Beside() const { return {}; }
  /// A job is made.
  virtual void OnStart(const nlohmann::json& job) = 0;

  int Pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  static bool IsActive(const nlohmann::json& job) { return !job.contains("status"); }
  void End(nlohmann::json& job, const std::string& phase) const;
  nlohmann::json* FirstActive();
  static nlohmann::json Condition(const std::string& type, bool value, Instant since);

  /// One pass; returns the number of writes. An operator that does not see has a view in which jobs
  /// that were started within the last minute are missing.
  int Pass(bool dies, bool sees);
  /// Nothing is left to write.
  void ExpectRest();

  const Controller& GetController() const { return controller_; }

  const ObjectKey key_{kHomeCluster, "n", "t"};
  Instant now_ = *ParseTime("2026-09-01T12:00:30Z");
  nlohmann::json trigger_;
  std::map<std::string, nlohmann::json> jobs_;
  std::map<std::string, nlohmann::json> pods_;

 private:
  void Carry(const Action& action);
  void Remove(const Delete& removal);

  std::string policy_;
  const Controller controller_;
  std::mt19937 random_;
  int uids_ = 0;
};

/// Many lives with each policy; returns how many jobs they have started.
template <class Life>
std::size_t Live(unsigned seeds, int steps) {
  std::size_t started = 0;
  for (const char* policy : {"Allow", "Forbid", "Replace"}) {
    for (unsigned seed = 0; seed < seeds && !testing::Test::HasFailure(); ++seed) {
      SCOPED_TRACE(std::string(policy) + ", seed " + std::to_string(seed));
      Life life(seed, policy);
      for (int i = 0; i < steps; ++i) life.Step();
      life.Settle();
      started += life.Started();
    }
  }
  return started;
}

inline nlohmann::json TriggerLife::Condition(const std::string& type, bool value, Instant since) {
  return {{"type", type},
          {"status", value ? "True" : "False"},
          {"reason", type},
          {"message", ""},
          {"observedGeneration", 1},
          {"lastTransitionTime", FormatTime(since)}};
}

inline void TriggerLife::End(nlohmann::json& job, const std::string& phase) const {
  job["status"] = {{"observedGeneration", 1},
                   {"phase", phase},
                   {"completionTime", FormatTime(now_)},
                   {"conditions", {Condition(phase, true, now_)}}};
}

inline nlohmann::json* TriggerLife::FirstActive() {
  for (auto& [name, job] : jobs_) {
    if (IsActive(job)) return &job;
  }
  return nullptr;
}

inline int TriggerLife::Pass(bool dies, bool sees) {
  std::vector<nlohmann::json> objects = Beside();
  objects.push_back(trigger_);
  for (const auto& [name, job] : jobs_) {
    const Instant created = *ParseTime(job["metadata"]["creationTimestamp"].get<std::string>());
    const bool old = created <= now_ - std::chrono::minutes(1);
    if (sees || old || created > now_) objects.push_back(job);
  }
  for (const auto& [name, pod] : pods_) objects.push_back(pod);
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

inline void TriggerLife::ExpectRest() {
  const std::string at_rest = trigger_.dump();
  EXPECT_EQ(Pass(false, true), 0) << trigger_.dump(2);
  EXPECT_EQ(trigger_.dump(), at_rest);
}

inline void TriggerLife::Carry(const Action& action) {
  if (const auto* removal = std::get_if<Delete>(&action)) return Remove(*removal);
  const auto& create = std::get<Create>(action);
  const bool is_pod = create.type.kind == "Pod";
  auto& all = is_pod ? pods_ : jobs_;
  if (all.contains(create.key.name)) return;
  nlohmann::json object = create.body;
  object["apiVersion"] = create.type.ApiVersion();
  object["kind"] = create.type.kind;
  object["metadata"].update({{"name", create.key.name},
                             {"namespace", key_.ns},
                             {"uid", "uid-" + std::to_string(++uids_)},
                             {"resourceVersion", "1"},
                             {"creationTimestamp", FormatTime(now_)},
                             {"ownerReferences",
                              {{{"apiVersion", "slipway.dev/v1alpha1"},
                                {"kind", "TrainingTrigger"},
                                {"name", key_.name},
                                {"uid", trigger_["metadata"]["uid"]},
                                {"controller", true}}}}});
  if (is_pod) {
    object["status"]["phase"] = "Pending";
  } else {
    for (const auto& [name, other] : jobs_) {
      EXPECT_TRUE(policy_ == "Allow" || !IsActive(other)) << name << " is still active";
    }
    OnStart(object);
  }
  all[create.key.name] = std::move(object);
}

inline void TriggerLife::Remove(const Delete& removal) {
  if (removal.type.kind == "Pod") {
    pods_.erase(removal.key.name);
    return;
  }
  const nlohmann::json& job = jobs_.at(removal.key.name);
  const bool recorded = trigger_["status"].contains("replacingFor");
  EXPECT_TRUE(!IsActive(job) || (policy_ == "Replace" && recorded)) << job.dump(2);
  jobs_.erase(removal.key.name);
}

}  // namespace slipway
