#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "controllers/common/labels.hpp"
#include "controllers/training_job/controller.hpp"
#include "controllers/training_job/kind.hpp"
#include "tests/faults/explorer/environment.hpp"

namespace slipway::explorer {
namespace {

using nlohmann::json;

enum : std::uint32_t { kSuspendTurned = kOwnChanges, kImageChanged, kNodesChanged };

class TrainingJobKind final : public Kind {
 public:
  explicit TrainingJobKind(const Scenario& scenario)
      : Kind(MakeTrainingJobController({})), scenario_(scenario) {}

  json Resource() const override;
  void Moves(const Machine& machine, const State& state, const Emit& emit) const override;
  bool FairStep(const Machine& machine, State& state, bool fails) const override {
    return FairCollection(machine, state) || FairPods(machine, state, fails, "");
  }
  std::string CheckState(const Machine& machine, const State& state) const override;
  std::string CheckRest(const Machine& machine, const State& state, bool fails) const override;
  std::string CheckPlan(const Blobs& blobs, const std::vector<Blob>& view,
                        const Outcome& outcome) const override;
  std::string CheckStatus(const Blobs& blobs, Blob before, Blob after) const override;

 private:
  void UserMoves(const Machine& machine, const State& state, const Emit& emit) const;

  const Scenario scenario_;
};

bool IsFinished(const json& status) {
  return HasCondition(status, "Complete") || HasCondition(status, "Failed");
}

json StatusOf(const Blobs& blobs, Blob resource) {
  return blobs.Json(resource).value("status", json::object());
}

json TrainingJobKind::Resource() const {
  json spec = {
      {"framework", "Torch"},
      {"trainer", {{"image", "a"}, {"numNodes", scenario_.nodes}, {"numProcPerNode", "auto"}}},
      {"suspend", false},
      {"failurePolicy", {{"maxRestarts", scenario_.restarts}, {"backoffSeconds", 10}}},
      {"cleanPodPolicy", "Running"}};
  if (scenario_.members) {
    spec["framework"] = "Custom";
    spec["failurePolicy"]["rules"] = json::array(
        {{{"action", "RestartMember"}, {"onExitCodes", {{"operator", "In"}, {"values", {1}}}}}});
  }
  if (scenario_.elastic) {
    spec["elasticPolicy"] = {{"minNodes", 1},
                             {"maxNodes", scenario_.nodes},
                             {"maxRestarts", 10},
                             {"scaleCooldownSeconds", 60}};
  }
  if (scenario_.deadline) spec["activeDeadlineSeconds"] = 120;
  for (int i = 0; i < scenario_.steps; ++i) {
    const json step = {{"name", fmt::format("step-{}", i)}, {"retries", 1}};
    spec["prepare"].push_back(step);
  }
  if (scenario_.steps > 0) {
    const json step = {{"retries", 1}};
    const json metric = {{"name", "auc"}, {"goal", "Maximize"}};
    spec["evaluation"] = {{"metricsFrom", {{"file", "/dev/termination-log"}, {"step", step}}},
                          {"metrics", json::array({metric})}};
  }
  if (scenario_.ttl >= 0) spec["ttlSecondsAfterFinished"] = scenario_.ttl;
  return {{"apiVersion", "slipway.dev/v1alpha1"},
          {"kind", "TrainingJob"},
          {"metadata",
           {{"name", "job"}, {"namespace", "team-a"}, {"uid", "job-uid-0"}, {"generation", 1}}},
          {"spec", std::move(spec)},
          {"status", {{"observedGeneration", -1}}}};
}

void TrainingJobKind::UserMoves(const Machine& machine, const State& state,
                                const Emit& emit) const {
  const Blob resource = machine.worlds.Resource(state);
  if (resource == 0 || state.edits >= machine.limits.edits) return;
  const auto& job =
      *static_cast<const api::TrainingJob*>(machine.blobs[resource].object->body.get());
  UserEdit(
      machine, state, kSuspendTurned,
      job.spec.suspend ? "the user resumes the job" : "the user suspends the job",
      [](json& spec) { spec["suspend"] = !spec["suspend"].get<bool>(); }, emit);
  UserDelete(machine, state, emit);
  if (!job.spec.suspend && !scenario_.elastic) return;  // The API refuses the rest.
  if (job.spec.suspend) {
    UserEdit(
        machine, state, kImageChanged, "the user changes the image",
        [](json& spec) { spec["trainer"]["image"] = spec["trainer"]["image"] == "a" ? "b" : "a"; },
        emit);
  }
  UserEdit(
      machine, state, kNodesChanged, "the user changes the number of nodes",
      [&](json& spec) {
        const bool all = spec["trainer"]["numNodes"] == scenario_.nodes;
        spec["trainer"]["numNodes"] = all ? std::max(1, scenario_.nodes - 1) : scenario_.nodes;
      },
      emit);
}

void TrainingJobKind::Moves(const Machine& machine, const State& state, const Emit& emit) const {
  UserMoves(machine, state, emit);
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (!IsPod(facts) || facts.owner.empty() || ReadPod(facts).phase != "Running") continue;
    for (const bool fails : {false, true}) {
      State after = state;
      machine.worlds.Put(after, facts.name, EndPod(machine.blobs, blob, fails, "", 0));
      emit(std::move(after), {fails ? "the program fails in" : "the program succeeds in", blob});
    }
  }
}

/// The owner, role and rank of a pod that runs or may yet; empty for all else.
std::string PlaceOf(const Facts& facts) {
  if (!IsPod(facts) || facts.owner.empty() || !ReadPod(facts).live) return "";
  const Labels& labels = facts.object->meta.labels;
  for (const std::string_view label : {labels::kNodeIndex, training_job::kStep}) {
    const auto place = labels.find(label);
    if (place != labels.end()) return facts.owner + "/" + place->second;
  }
  return "";
}

std::string TrainingJobKind::CheckState(const Machine& machine, const State& state) const {
  std::vector<std::string> places;
  for (const Blob blob : state.objects) {
    std::string place = PlaceOf(machine.blobs[blob]);
    if (place.empty()) continue;
    if (std::ranges::find(places, place) != places.end()) {
      return "two live pods of one owner and index: " + place;
    }
    places.push_back(std::move(place));
  }
  return "";
}

/// A pod is planned when the status says that all before it has succeeded.
std::string CheckOrder(const json& status, const Create& create) {
  const json labels = create.body["metadata"]["labels"];
  const std::string step = labels.value(std::string(training_job::kStep), "train");
  for (const json& earlier : status.value("steps", json::array())) {
    if (earlier["name"] == step) return "";
    if (earlier["phase"] != "Succeeded") return "a pod of " + step + " is planned too early";
  }
  return "";
}

std::string TrainingJobKind::CheckPlan(const Blobs& blobs, const std::vector<Blob>& view,
                                       const Outcome& outcome) const {
  const json status = StatusOf(blobs, view.front());
  for (const auto& action : outcome.plan.actions) {
    const auto* create = std::get_if<Create>(&action);
    if (create == nullptr || create->type.kind != "Pod") continue;
    if (IsFinished(status)) return "a pod is planned for a job that has finished";
    if (HasCondition(status, "Suspended")) return "a pod is planned for a suspended job";
    if (auto why = CheckOrder(status, *create); !why.empty()) return why;
  }
  if (!outcome.status) return "";
  return CheckAnyStatus(blobs[view.front()].object->meta, *outcome.status);
}

std::string TrainingJobKind::CheckStatus(const Blobs& blobs, Blob before, Blob after) const {
  const json old = StatusOf(blobs, before);
  const json next = StatusOf(blobs, after);
  if (auto why = CheckAnyStatus(blobs[after].object->meta, next); !why.empty()) return why;
  for (const char* end : {"Complete", "Failed"}) {
    if (HasCondition(old, end) && !HasCondition(next, end)) return "a finished job goes on";
  }
  const int restarts = next.value("restarts", 0);
  if (restarts < old.value("restarts", 0)) return "status.restarts falls";
  const int counted = next.value("restartsCountTowardsMax", restarts);
  if (counted < old.value("restartsCountTowardsMax", old.value("restarts", 0))) {
    return "status.restartsCountTowardsMax falls";
  }
  if (counted > restarts) return "more restarts count than there were";
  const int members = next.value("memberRestarts", 0);
  if (members < old.value("memberRestarts", 0)) return "status.memberRestarts falls";
  if (counted + members > scenario_.restarts) return "more restarts than spec.failurePolicy allows";
  return "";
}

/// A name that the job needs is held by what the operator must leave alone.
bool IsBlocked(const Machine& machine, const State& state) {
  return std::ranges::any_of(state.objects, [&](Blob blob) {
    const Facts& facts = machine.blobs[blob];
    return facts.kind != 0 && (!facts.visible || facts.owner.empty());
  });
}

std::string TrainingJobKind::CheckRest(const Machine& machine, const State& state,
                                       bool fails) const {
  const Blob resource = machine.worlds.Resource(state);
  const bool blocked = IsBlocked(machine, state);
  std::size_t live = 0;
  std::size_t pods = 0;
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (facts.kind == 0 || facts.owner.empty() || !facts.visible) continue;
    if (resource == 0) return "a child outlives its owner";
    if (IsPod(facts)) ++pods, live += ReadPod(facts).live ? 1 : 0;
  }
  if (resource == 0) return "";
  const auto& job =
      *static_cast<const api::TrainingJob*>(machine.blobs[resource].object->body.get());
  const json status = StatusOf(machine.blobs, resource);
  if (status.value("observedGeneration", -1) != job.meta.generation) {
    return "at rest with an old observedGeneration";
  }
  if (IsFinished(status)) {
    if (live > 0) return "at rest with a pod of a finished job alive";
    const bool complete = HasCondition(status, "Complete");
    if (complete != HasCondition(status, "Ready")) return "Ready is not what Complete says";
    return "";
  }
  if (job.spec.suspend) {
    if (pods > 0) return "at rest with a pod of a suspended job";
    return HasCondition(status, "Suspended") ? "" : "at rest, and not Suspended as the spec asks";
  }
  const bool stalled = HasCondition(status, "Stalled");
  if (blocked && stalled) return "";
  return fmt::format("at rest, but neither finished nor suspended{}: phase {}, {}",
                     fails ? " although all programs fail" : "", status.value("phase", "none"),
                     status.value("message", ""));
}

}  // namespace

std::unique_ptr<Kind> MakeTrainingJobKind(const Scenario& scenario) {
  return std::make_unique<TrainingJobKind>(scenario);
}

}  // namespace slipway::explorer
