#include "tests/unit/controllers/training_job_toy_world.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "controllers/training_job/kind.hpp"
#include "operator/kube/workloads.hpp"
#include "tests/golden/harness.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

constexpr const char* kUid = "job-uid";

bool HasTrueCondition(const json& status, std::string_view type) {
  for (const auto& condition : status.at("conditions")) {
    if (condition.at("type") == type) return condition.at("status") == "True";
  }
  return false;
}

}  // namespace

ToyWorld::ToyWorld(const Controller& controller, json spec)
    : controller_(controller), now_(ParseTime("2026-09-01T12:00:00Z").value()) {
  job_ = {
      {"apiVersion", "slipway.dev/v1alpha1"},
      {"kind", "TrainingJob"},
      {"metadata", {{"name", "toy"}, {"namespace", "team-a"}, {"uid", kUid}, {"generation", 1}}},
      {"spec", std::move(spec)},
      {"status", {{"observedGeneration", -1}}}};
}

Snapshot ToyWorld::View() const {
  std::vector<json> objects{job_};
  for (const auto& [name, pod] : pods_) {
    if (!IsHidden(name)) objects.push_back(pod);
  }
  for (const auto& [name, service] : services_) objects.push_back(service);
  return golden::MakeSnapshot(controller_, objects);
}

ToyWorld::PassResult ToyWorld::Pass(std::optional<int> crash_at) {
  const ObjectKey key{kHomeCluster, "team-a", "toy"};
  const Snapshot world = View();
  Outcome outcome = controller_.reconcile({key, world, now_, {}});

  PassResult result;
  result.wake_at = outcome.plan.wake_at;
  const auto dies = [&] { return result.crashed = crash_at && result.writes == *crash_at; };
  const auto failures = Execute(outcome.plan.actions, result, dies);
  if (result.crashed) return result;
  if (!failures.empty()) outcome = controller_.reconcile({key, world, now_, failures});
  if (!outcome.status) return result;
  if (dies()) return result;
  CheckStatus(*outcome.status);
  job_["status"] = *outcome.status;
  ++result.writes;
  for (const auto& event : outcome.plan.events) events_.push_back(event.reason);
  return result;
}

std::vector<WriteFailure> ToyWorld::Execute(const std::vector<Action>& actions, PassResult& result,
                                            const std::function<bool()>& dies) {
  std::vector<WriteFailure> failures;
  for (const auto& action : actions) {
    if (dies()) return failures;
    if (MakesRoom(action, failures)) continue;  // Not a write: it is the kubelet's turn.
    Execute(action);
    ++result.writes;
  }
  return failures;
}

bool ToyWorld::MakesRoom(const Action& action, std::vector<WriteFailure>& failures) {
  const auto* create = std::get_if<Create>(&action);
  if (create == nullptr || !pods_.contains(create->key.name)) return false;
  EXPECT_TRUE(IsHidden(create->key.name)) << "a pod is created whose name is seen to be taken";
  DeletePod(create->key.name);
  failures.push_back(
      {create->type, create->key, {Code::kConflict, "still there", {}}, false, "uid"});
  return true;
}

void ToyWorld::Execute(const Action& action) {
  if (const auto* create = std::get_if<Create>(&action)) return ExecuteCreate(*create);
  ASSERT_TRUE(std::holds_alternative<Delete>(action)) << "a training job never applies";
  ExecuteDelete(std::get<Delete>(action));
}

void ToyWorld::ExecuteCreate(const Create& create) {
  json object = create.body;
  json& metadata = object["metadata"];
  metadata["name"] = create.key.name;
  metadata["namespace"] = create.key.ns;
  metadata["uid"] = "child-" + std::to_string(next_uid_++);
  metadata["labels"]["slipway.dev/owner-uid"] = kUid;
  metadata["ownerReferences"] = {
      {{"kind", "TrainingJob"}, {"name", "toy"}, {"uid", kUid}, {"controller", true}}};
  object["apiVersion"] = create.type.ApiVersion();
  object["kind"] = create.type.kind;
  if (create.type == kServices.type) {
    services_.emplace(create.key.name, std::move(object));
    return;
  }
  object["status"] = {{"phase", "Pending"}};
  EXPECT_FALSE(HasTrueCondition(
      Status().contains("conditions") ? Status() : json{{"conditions", json::array()}},
      "Suspended"))
      << "a pod is created for a suspended job";
  pods_.emplace(create.key.name, std::move(object));
  for (const auto& [name, pod] : pods_) {
    if (!IsHidden(name) && name != create.key.name) CheckBeside(create.key.name, name);
  }
}

void ToyWorld::CheckBeside(const std::string& created, const std::string& other) const {
  if (!StepOf(created).empty() || !StepOf(other).empty()) {
    EXPECT_EQ(PodPhase(other), "Succeeded") << created << " is created beside " << other;
    return;
  }
  EXPECT_EQ(Attempt(other), Attempt(created)) << "two attempts exist at the same time";
  EXPECT_EQ(TrainerHash(other), TrainerHash(created))
      << "pods of two trainers exist at the same time";
  EXPECT_NE(Node(other), Node(created)) << "two pods of one node and attempt";
}

void ToyWorld::ExecuteDelete(const Delete& removal) {
  if (removal.type == kTrainingJobs.type) {
    deleted_ = true;
    return;
  }
  auto& objects = removal.type == kPods.type ? pods_ : services_;
  const auto found = objects.find(removal.key.name);
  ASSERT_NE(found, objects.end());
  EXPECT_EQ(found->second["metadata"]["uid"], removal.uid);
  if (removal.type == kPods.type) return DeletePod(removal.key.name);
  objects.erase(found);
}

void ToyWorld::CheckStatus(const json& status) const {
  EXPECT_EQ(status.at("observedGeneration"), job_["metadata"]["generation"]);
  // What kstatus makes of it must be one thing only.
  const int verdicts = (HasTrueCondition(status, "Ready") ? 1 : 0) +
                       (HasTrueCondition(status, "Reconciling") ? 1 : 0) +
                       (HasTrueCondition(status, "Stalled") ? 1 : 0);
  EXPECT_EQ(verdicts, 1) << status.dump(2);
  const int limit = job_["spec"]["failurePolicy"]["maxRestarts"];
  EXPECT_LE(status.at("restarts").get<int>() + status.value("memberRestarts", 0), limit);
  for (const char* end : {"Complete", "Failed"}) {
    const bool ended = Status().contains("conditions") && HasTrueCondition(Status(), end);
    EXPECT_TRUE(!ended || HasTrueCondition(status, end)) << "a job that has ended goes on";
  }
}

void ToyWorld::SetSpec(const char* field, const json& value) {
  if (job_["spec"][field] == value) return;
  job_["spec"][field] = value;
  job_["metadata"]["generation"] = job_["metadata"]["generation"].get<int>() + 1;
}

std::vector<std::string> ToyWorld::PodNames() const {
  std::vector<std::string> names;
  for (const auto& [name, pod] : pods_) names.push_back(name);
  return names;
}

std::string ToyWorld::PodPhase(const std::string& name) const {
  return pods_.at(name).at("status").at("phase");
}

bool ToyWorld::IsEnding(const std::string& name) const {
  return pods_.at(name).at("metadata").contains("deletionTimestamp");
}

std::string ToyWorld::StepOf(const std::string& name) const {
  return pods_.at(name)["metadata"]["labels"].value("slipway.dev/step", "");
}

int ToyWorld::Node(const std::string& name) const {
  if (!StepOf(name).empty()) return -1;
  const std::string text = pods_.at(name)["metadata"]["labels"]["slipway.dev/node-index"];
  return std::stoi(text);
}

int ToyWorld::Attempt(const std::string& name) const {
  const std::string text = pods_.at(name)["metadata"]["labels"]["slipway.dev/attempt"];
  return std::stoi(text);
}

int ToyWorld::MemberRestarts(const std::string& name) const {
  const json& labels = pods_.at(name)["metadata"]["labels"];
  return std::stoi(labels.value("slipway.dev/member-restarts", std::string("0")));
}

std::string ToyWorld::TrainerHash(const std::string& name) const {
  return pods_.at(name)["metadata"]["labels"].value("slipway.dev/trainer-hash", "");
}

void ToyWorld::StartPod(const std::string& name) {
  json& status = pods_.at(name)["status"];
  if (status["phase"] != "Pending") return;
  status["phase"] = "Running";
  status["conditions"] = {{{"type", "Ready"}, {"status", "True"}}};
}

void ToyWorld::EndPod(const std::string& name, int exit_code) {
  json& status = pods_.at(name)["status"];
  if (status["phase"] == "Succeeded" || status["phase"] == "Failed") return;
  status = {{"phase", exit_code == 0 ? "Succeeded" : "Failed"}};
  const json ended = {
      {"exitCode", exit_code}, {"reason", "Error"}, {"finishedAt", FormatTime(now_)}};
  const std::string container = StepOf(name).empty() ? "trainer" : "step";
  status["containerStatuses"] = {{{"name", container}, {"state", {{"terminated", ended}}}}};
}

void ToyWorld::DeletePod(const std::string& name) {
  // As the API server does it: what has not started or has ended is removed at once.
  if (PodPhase(name) != "Running") return RemovePod(name);
  if (IsEnding(name)) return;
  pods_.at(name)["metadata"]["deletionTimestamp"] = FormatTime(now_ + std::chrono::seconds(30));
}

}  // namespace slipway::training_job
