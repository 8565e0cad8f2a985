#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "operator/run/controller.hpp"

namespace slipway::training_job {

/// A cluster in memory: one TrainingJob, its pods and its service, a kubelet that does what the
/// test says, and an operator that may die after any write. Every object goes through JSON and the
/// real decoders, so that nothing survives a pass but what an API server would keep.
class ToyWorld {
 public:
  ToyWorld(const Controller& controller, nlohmann::json spec);

  struct PassResult {
    int writes = 0;  ///< Actions and the status; Events are not counted.
    bool crashed = false;
    std::optional<Instant> wake_at;
  };
  /// One pass of the operator. It dies before write number `crash_at` (0 is the first), if there
  /// are so many. Checks what must hold for every write.
  PassResult Pass(std::optional<int> crash_at = std::nullopt);

  const nlohmann::json& Job() const { return job_; }
  bool Deleted() const { return deleted_; }
  const nlohmann::json& Status() const { return job_.at("status"); }
  std::string Phase() const { return Status().value("phase", ""); }
  void SetSpec(const char* field, const nlohmann::json& value);

  std::vector<std::string> PodNames() const;
  bool HasService() const { return !services_.empty(); }
  std::string PodPhase(const std::string& name) const;
  bool IsEnding(const std::string& name) const;
  /// Name of the step that the pod is of; empty for that of a node.
  std::string StepOf(const std::string& name) const;
  int Node(const std::string& name) const;
  int Attempt(const std::string& name) const;
  int MemberRestarts(const std::string& name) const;
  std::string Uid(const std::string& name) const { return pods_.at(name)["metadata"]["uid"]; }
  std::string TrainerHash(const std::string& name) const;
  /// The kubelet's work: start the pod's container, or end it.
  void StartPod(const std::string& name);
  void EndPod(const std::string& name, int exit_code);
  /// kubectl delete pod: a running pod ends within its grace period.
  void DeletePod(const std::string& name);
  /// The object is gone: its grace period is over, or it was deleted by force.
  void RemovePod(const std::string& name) {
    pods_.erase(name);
    hidden_.erase(name);
  }
  /// The pod loses the labels by which the operator watches: it runs on, and nobody sees it.
  void HidePod(const std::string& name) { hidden_.insert(name); }
  bool IsHidden(const std::string& name) const { return hidden_.contains(name); }
  void RemoveService() { services_.clear(); }

  Instant Now() const { return now_; }
  void Advance(std::chrono::seconds time) { now_ += time; }
  const std::vector<std::string>& Events() const { return events_; }

 private:
  Snapshot View() const;
  /// As the executor does it.
  std::vector<WriteFailure> Execute(const std::vector<Action>& actions, PassResult& result,
                                    const std::function<bool()>& dies);
  void Execute(const Action& action);
  /// Deletes the hidden pod that holds the name of one that is to be created; false when the action
  /// meets none.
  bool MakesRoom(const Action& action, std::vector<WriteFailure>& failures);
  void ExecuteCreate(const Create& create);
  void ExecuteDelete(const Delete& removal);
  void CheckStatus(const nlohmann::json& status) const;
  void CheckBeside(const std::string& created, const std::string& other) const;

  const Controller& controller_;
  nlohmann::json job_;
  bool deleted_ = false;
  std::map<std::string, nlohmann::json> pods_;
  std::set<std::string> hidden_;
  std::map<std::string, nlohmann::json> services_;
  std::vector<std::string> events_;
  Instant now_;
  int next_uid_ = 1;
};

}  // namespace slipway::training_job
