#include "tests/faults/explorer/deployments.hpp"

#include "operator/base/hash.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::explorer {
namespace {

using nlohmann::json;

/// What the last template was that the controller has acted on; its ReplicaSets know that.
constexpr const char* kTemplate = "explorer/template";

enum : std::uint32_t {
  kObserved = 200,
  kPodsMade,
  kRolledOut,
  kGivenUp,
  kPodsLost,
  kReported,
  kScaledTo = 220,
};

int Number(const json& object, const char* section, const char* member) {
  return object.value(section, json::object()).value(member, 0);
}

bool HasHeard(const json& object) {
  return Number(object, "status", "observedGeneration") == Number(object, "metadata", "generation");
}

bool IsMade(const json& object) {
  const int replicas = Number(object, "spec", "replicas");
  const int updated = Number(object, "status", "updatedReplicas");
  return updated == replicas && Number(object, "status", "replicas") >= replicas;
}

bool IsDone(const json& object) {
  const int replicas = Number(object, "spec", "replicas");
  return HasHeard(object) && IsMade(object) && Number(object, "status", "replicas") == replicas &&
         Number(object, "status", "availableReplicas") == replicas;
}

void SetReady(json& status, int count) {
  status["readyReplicas"] = count;
  status["availableReplicas"] = count;
}

}  // namespace

bool IsDeployment(const Facts& facts) {
  return facts.object->type == kDeployments.type && !facts.owner.empty();
}
bool IsAutoscaler(const Facts& facts) {
  return facts.object->type == kAutoscalers.type && !facts.owner.empty();
}

Blob Observe(Blobs& blobs, Blob deployment) {
  return blobs.Change(deployment, kObserved, [](json& object) {
    if (HasHeard(object)) return;
    json& status = object["status"];
    status["observedGeneration"] = object["metadata"]["generation"];
    status.erase("conditions");
    const std::string hash = ShortHash({object["spec"]["template"].dump()});
    if (status.value(kTemplate, "") != hash) status["updatedReplicas"] = 0;
    status[kTemplate] = hash;
  });
}

Blob MakePods(Blobs& blobs, Blob deployment) {
  return blobs.Change(deployment, kPodsMade, [](json& object) {
    if (!HasHeard(object) || IsMade(object)) return;
    json& status = object["status"];
    const int replicas = Number(object, "spec", "replicas");
    const bool fresh = status.value("updatedReplicas", 0) == 0;
    const int old = fresh ? status.value("availableReplicas", 0) : 0;
    status["updatedReplicas"] = replicas;
    status["replicas"] = replicas + old;
    if (!fresh) SetReady(status, std::min(replicas, status.value("availableReplicas", 0)));
  });
}

Blob FinishRollout(Blobs& blobs, Blob deployment) {
  return blobs.Change(deployment, kRolledOut, [](json& object) {
    if (!HasHeard(object) || !IsMade(object)) return;
    json& status = object["status"];
    status["replicas"] = object["spec"]["replicas"];
    SetReady(status, object["spec"]["replicas"]);
    status.erase("conditions");
  });
}

Blob GiveUp(Blobs& blobs, Blob deployment) {
  return blobs.Change(deployment, kGivenUp, [](json& object) {
    if (IsDone(object) || !HasHeard(object)) return;
    object["status"]["conditions"] = {{{"type", "Progressing"},
                                       {"status", "False"},
                                       {"reason", "ProgressDeadlineExceeded"},
                                       {"message", "timed out"}}};
  });
}

Blob LosePods(Blobs& blobs, Blob deployment) {
  return blobs.Change(deployment, kPodsLost, [](json& object) {
    if (Number(object, "status", "availableReplicas") > 0) SetReady(object["status"], 0);
  });
}

Blob ScaleByAutoscaler(Blobs& blobs, Blob deployment, int replicas) {
  const auto change = kScaledTo + static_cast<std::uint32_t>(replicas);
  return blobs.Change(deployment, change, [&](json& object) {
    if (object["spec"]["replicas"] == replicas) return;
    object["spec"]["replicas"] = replicas;
    object["metadata"]["generation"] = object["metadata"]["generation"].get<int>() + 1;
    object["metadata"]["managedFields"] = {
        {{"manager", "kube-controller-manager"},
         {"operation", "Update"},
         {"fieldsV1", {{"f:spec", {{"f:replicas", json::object()}}}}}}};
  });
}

Blob ReportAutoscaler(Blobs& blobs, Blob autoscaler) {
  return blobs.Change(autoscaler, kReported, [](json& object) {
    object["status"] = {{"currentReplicas", 1},
                        {"desiredReplicas", 1},
                        {"conditions",
                         {{{"type", "ScalingActive"},
                           {"status", "True"},
                           {"reason", "ValidMetricFound"},
                           {"message", "scales"}}}}};
  });
}

void DeploymentMoves(const Machine& machine, const State& state, const Emit& emit) {
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    const auto put = [&](Blob next, std::string_view what) {
      if (next == blob) return;
      State after = state;
      machine.worlds.Put(after, facts.name, next);
      emit(std::move(after), {what, blob});
    };
    if (IsAutoscaler(facts)) put(ReportAutoscaler(machine.blobs, blob), "a report of");
    if (!IsDeployment(facts)) continue;
    put(Observe(machine.blobs, blob), "its controller sees the newest");
    put(MakePods(machine.blobs, blob), "its controller makes the pods of");
    put(FinishRollout(machine.blobs, blob), "all pods are ready of");
    put(GiveUp(machine.blobs, blob), "its controller gives up the rollout of");
    put(LosePods(machine.blobs, blob), "no pod is ready any more of");
  }
}

bool FairDeployments(const Machine& machine, State& state, bool fails) {
  bool changed = false;
  const auto objects = state.objects;
  for (const Blob blob : objects) {
    const Facts& facts = machine.blobs[blob];
    Blob next = blob;
    if (IsAutoscaler(facts)) next = ReportAutoscaler(machine.blobs, blob);
    if (IsDeployment(facts)) {
      next = Observe(machine.blobs, blob);
      if (next == blob) next = MakePods(machine.blobs, blob);
      if (next == blob) {
        // With no pods to start none can fail.
        const bool none = Number(machine.blobs.Json(blob), "spec", "replicas") == 0;
        next = fails && !none ? GiveUp(machine.blobs, blob) : FinishRollout(machine.blobs, blob);
      }
    }
    if (next == blob) continue;
    machine.worlds.Put(state, facts.name, next);
    changed = true;
  }
  return changed;
}

}  // namespace slipway::explorer
