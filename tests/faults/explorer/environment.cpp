#include "tests/faults/explorer/environment.hpp"

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::explorer {
namespace {

using nlohmann::json;
using std::chrono::seconds;

void Rival(const Machine& machine, const State& state, Blob blob, Blob next, std::string_view what,
           const Emit& emit) {
  State after = state;
  ++after.faults;
  machine.worlds.Put(after, machine.blobs[blob].name, next);
  emit(std::move(after), {what, blob});
}

/// As the kubelet does when its machine lacks memory, or goes down.
Blob Evict(Blobs& blobs, Blob pod) {
  const Facts& facts = blobs[pod];
  if (!IsPod(facts) || !ReadPod(facts).live) return 0;
  return blobs.Change(pod, kPodEvicted, [](json& object) {
    object["status"] = {
        {"phase", "Failed"},
        {"reason", "Evicted"},
        {"conditions",
         {{{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", "TerminationByKubelet"}}}}};
  });
}

void RivalMoves(const Machine& machine, const State& state, const Emit& emit) {
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (facts.kind == 0 || !IsOwned(machine, state, blob)) continue;
    const Blob deleted = GracefulDelete(machine.blobs, blob);
    if (deleted != 0 && deleted != blob) {
      Rival(machine, state, blob, deleted, "FAULT: a rival deletes", emit);
    }
    Rival(machine, state, blob, 0, "FAULT: a rival removes by force", emit);
    if (const Blob evicted = Evict(machine.blobs, blob)) {
      Rival(machine, state, blob, evicted, "FAULT: the machine gives up", emit);
    }
    if (!facts.visible) continue;
    const Blob hidden = machine.blobs.Change(blob, kLabelsRemoved, [](json& object) {
      object["metadata"]["labels"].erase(std::string(labels::kManagedBy));
      object["metadata"]["labels"].erase(std::string(labels::kOwnerUid));
    });
    Rival(machine, state, blob, hidden, "FAULT: a rival removes the labels of", emit);
  }
}

/// The names that a rival could take before us: those of what we would create, and the one that a
/// write has looked at and comes back to.
std::vector<ActionId> OurNames(const Machine& machine, const State& state) {
  std::vector<ActionId> actions;
  const auto add = [&](const KnownPlan& plan) {
    for (const ActionId action : plan.actions) {
      if (!machine.writes.Known(action).is_delete) actions.push_back(action);
    }
  };
  const auto view = machine.worlds.FullView(state);
  if (!view.empty()) add(machine.plans[machine.plans.Make(view)]);
  for (const auto& pass : state.passes) {
    const KnownPlan& plan = machine.plans[pass.plan];
    add(plan);
    if (pass.open >= 0) actions.push_back(plan.actions[static_cast<std::size_t>(pass.open)]);
  }
  std::erase_if(actions, [&](ActionId action) {
    const KnownAction& known = machine.writes.Known(action);
    return known.type == known.owner.type || machine.worlds.Find(state, known.name) != 0;
  });
  return actions;
}

void ForeignMoves(const Machine& machine, const State& state, const Emit& emit) {
  std::vector<Name> done;
  for (const ActionId action : OurNames(machine, state)) {
    const KnownAction& known = machine.writes.Known(action);
    if (std::ranges::find(done, known.name) != done.end()) continue;
    done.push_back(known.name);
    const int number = machine.worlds.FreshUid(state, known.name, machine.plans);
    json object = {{"apiVersion", known.type.ApiVersion()},
                   {"kind", known.type.kind},
                   {"metadata",
                    {{"name", known.key.name},
                     {"namespace", known.key.ns},
                     {"uid", "uid-" + std::to_string(number)}}},
                   {"spec", json::object()}};
    if (known.type == kPods.type) object["status"] = {{"phase", "Running"}};
    State after = state;
    ++after.faults;
    const Blob foreign = machine.blobs.Intern(std::move(object));
    machine.worlds.Put(after, known.name, foreign);
    emit(std::move(after), {"FAULT: a stranger takes the name of", foreign});
  }
}

void StrangerLeaves(const Machine& machine, const State& state, const Emit& emit) {
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (facts.kind == 0 || !facts.owner.empty()) continue;
    State after = state;
    machine.worlds.Put(after, facts.name, 0);
    emit(std::move(after), {"the stranger is deleted:", blob});
  }
}

/// The replica that waits takes over, with what its watches have shown it.
void TakeOver(const State& state, const Emit& emit) {
  State after = state;
  bool waits = false;
  for (auto& stalled : after.stalled) {
    waits = waits || stalled.waits;
    stalled.waits = false;
  }
  if (!waits) return;
  std::erase_if(after.passes, [](const Pass& pass) { return !pass.left; });
  emit(std::move(after), {"the other replica leads, with an old view"});
}

void WatchMoves(const Machine& machine, const State& state, const Emit& emit) {
  TakeOver(state, emit);
  for (std::size_t kind = 0; kind < state.stalled.size(); ++kind) {
    const std::string_view which = kind == 0 ? "(own kind)" : "(children)";
    if (state.stalled[kind].on) {
      State after = state;
      after.stalled[kind] = {};
      emit(std::move(after), {"a watch goes on", 0, 0, false, which});
      continue;
    }
    if (state.faults >= machine.limits.faults) continue;
    for (const bool waits : {false, true}) {
      const FaultKinds& kinds = machine.limits.kinds;
      if (!(waits ? kinds.takeovers : kinds.stalls)) continue;
      State after = state;
      ++after.faults;
      after.stalled[kind] = {true, waits, 0, {}};
      for (const Blob blob : state.objects) {
        if (machine.blobs[blob].kind == kind) after.stalled[kind].objects.push_back(blob);
      }
      emit(std::move(after),
           {waits ? "FAULT: a watch of the other replica stops" : "FAULT: a watch stops", 0, 0,
            false, which});
    }
  }
}

void TimeMoves(const Machine& machine, const State& state, const Emit& emit) {
  if (state.ticks >= machine.limits.ticks) return;
  if (PassUnderWay(state)) return;
  const auto view = machine.worlds.View(state);
  if (view.empty()) return;
  const auto wake = machine.plans[machine.plans.Make(view)].wake;
  if (!wake || wake->count() <= 0) return;
  State after = state;
  ++after.ticks;
  PassTime(machine, after, *wake);
  emit(std::move(after), {"time passes to the next deadline"});
}

void PodMoves(const Machine& machine, const State& state, const Emit& emit) {
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (!IsPod(facts) || facts.owner.empty()) continue;
    const auto put = [&](Blob next, std::string_view what) {
      State after = state;
      machine.worlds.Put(after, facts.name, next);
      emit(std::move(after), {what, blob});
    };
    if (facts.ending) put(0, "the kubelet has ended");
    if (ReadPod(facts).phase == "Pending") put(StartPod(machine.blobs, blob), "the kubelet starts");
  }
}

bool IsGarbage(const Machine& machine, const State& state, Blob blob) {
  const Facts& facts = machine.blobs[blob];
  return facts.kind != 0 && !facts.owner.empty() && !IsOwned(machine, state, blob);
}

void CollectMoves(const Machine& machine, const State& state, const Emit& emit) {
  for (const Blob blob : state.objects) {
    if (!IsGarbage(machine, state, blob) || machine.blobs[blob].ending) continue;
    State after = state;
    machine.worlds.Put(after, machine.blobs[blob].name, GracefulDelete(machine.blobs, blob));
    emit(std::move(after), {"garbage collection deletes", blob});
  }
}

}  // namespace

bool IsPod(const Facts& facts) { return facts.object->type == kPods.type; }

PodFacts ReadPod(const Facts& facts) {
  static constexpr std::array kPhases{"Pending", "Running", "Succeeded", "Failed", "Unknown"};
  const auto& view = *static_cast<const PodView*>(facts.object->body.get());
  const bool ended =
      view.phase == PodView::Phase::kSucceeded || view.phase == PodView::Phase::kFailed;
  return {kPhases[static_cast<std::size_t>(view.phase)], !ended};
}

bool IsOwned(const Machine& machine, const State& state, Blob blob) {
  const Blob resource = machine.worlds.Resource(state);
  return resource != 0 && machine.blobs[blob].owner == machine.blobs[resource].uid;
}

bool HasCondition(const json& status, std::string_view type) {
  for (const auto& condition : status.value("conditions", json::array())) {
    if (condition.at("type") == type) return condition.at("status") == "True";
  }
  return false;
}

Blob StartPod(Blobs& blobs, Blob pod) {
  return blobs.Change(pod, kPodStarts, [](json& object) {
    object["status"] = {{"phase", "Running"},
                        {"conditions", {{{"type", "Ready"}, {"status", "True"}}}}};
  });
}

Blob EndPod(Blobs& blobs, Blob pod, bool fails, const std::string& message, std::uint32_t variant) {
  const auto change = (fails ? kPodFails : kPodSucceeds) + 16 * variant;
  return blobs.Change(pod, change, [&](json& object) {
    json ended = {{"exitCode", fails ? 1 : 0},
                  {"reason", fails ? "Error" : "Completed"},
                  {"finishedAt", FormatTime(kNow)}};
    if (!message.empty()) ended["message"] = message;
    object["status"] = {
        {"phase", fails ? "Failed" : "Succeeded"},
        {"containerStatuses", {{{"name", "main"}, {"state", {{"terminated", ended}}}}}}};
  });
}

Blob GracefulDelete(Blobs& blobs, Blob blob) {
  const Facts& facts = blobs[blob];
  if (!IsPod(facts) || ReadPod(facts).phase != "Running") return 0;
  if (facts.ending) return blob;
  return blobs.Change(blob, kGracefulDelete, [](json& object) {
    object["metadata"]["deletionTimestamp"] = FormatTime(kNow + seconds(30));
  });
}

void UserEdit(const Machine& machine, const State& state, std::uint32_t change,
              std::string_view what, const std::function<void(json& spec)>& function,
              const Emit& emit) {
  const Blob resource = machine.worlds.Resource(state);
  State after = state;
  ++after.edits;
  const Blob next = machine.blobs.Change(resource, change, [&](json& object) {
    json& spec = object["spec"];
    const json before = spec;
    function(spec);
    json& generation = object["metadata"]["generation"];
    if (spec != before) generation = generation.get<int>() + 1;
  });
  if (next == resource) return;
  machine.worlds.Put(after, machine.blobs[resource].name, next);
  emit(std::move(after), {what});
}

void UserDelete(const Machine& machine, const State& state, const Emit& emit) {
  State after = state;
  ++after.edits;
  const Blob resource = machine.worlds.Resource(state);
  machine.worlds.Put(after, machine.blobs[resource].name, 0);
  emit(std::move(after), {"the user deletes", resource});
}

void CommonMoves(const Machine& machine, const State& state, const Emit& emit) {
  PodMoves(machine, state, emit);
  CollectMoves(machine, state, emit);
  StrangerLeaves(machine, state, emit);
  TimeMoves(machine, state, emit);
  WatchMoves(machine, state, emit);
  if (!machine.limits.kinds.rivals || state.faults >= machine.limits.faults) return;
  RivalMoves(machine, state, emit);
  ForeignMoves(machine, state, emit);
}

void PassTime(const Machine& machine, State& state, seconds time) {
  for (Blob& blob : state.objects) blob = machine.blobs.Later(blob, time);
  for (auto& stalled : state.stalled) {
    for (Blob& blob : stalled.objects) blob = machine.blobs.Later(blob, time);
  }
  for (auto& pass : state.passes) {
    pass.plan = machine.plans.Later(pass.plan, time);
    if (pass.seen != 0) pass.seen = machine.blobs.Later(pass.seen, time);
  }
}

bool FairCollection(const Machine& machine, State& state) {
  bool changed = false;
  const auto objects = state.objects;
  for (const Blob blob : objects) {
    const Facts& facts = machine.blobs[blob];
    const bool stranger = facts.kind == 0 || facts.owner.empty();
    if (stranger || (!facts.ending && !IsGarbage(machine, state, blob))) continue;
    machine.worlds.Put(state, facts.name, 0);
    changed = true;
  }
  return changed;
}

bool FairPods(const Machine& machine, State& state, bool fails, const std::string& message) {
  bool changed = false;
  const auto objects = state.objects;
  const auto step = [&](const char* phase, const std::function<Blob(Blob)>& next) {
    for (const Blob blob : objects) {
      const Facts& facts = machine.blobs[blob];
      if (!IsPod(facts) || facts.owner.empty() || ReadPod(facts).phase != phase) continue;
      const Name name = facts.name;  // The next call may move the facts.
      machine.worlds.Put(state, name, next(blob));
      changed = true;
    }
    return changed;
  };
  if (step("Pending", [&](Blob blob) { return StartPod(machine.blobs, blob); })) return true;
  return step("Running", [&](Blob blob) {
    return EndPod(machine.blobs, blob, fails, fails ? "" : message, 0);
  });
}

std::string CheckAnyStatus(const ObjectMeta& resource, const json& status) {
  if (status.value("observedGeneration", 0) != resource.generation) {
    return "observedGeneration is not the generation that was acted on";
  }
  for (const auto& condition : status.at("conditions")) {
    if (condition.value("observedGeneration", 0) > resource.generation) {
      return "a condition's observedGeneration is ahead of what was acted on";
    }
  }
  if (HasCondition(status, "Reconciling") && HasCondition(status, "Stalled")) {
    return "Reconciling and Stalled at the same time";
  }
  return "";
}

}  // namespace slipway::explorer
