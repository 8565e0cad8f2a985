#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "controllers/model_deployment/controller.hpp"
#include "controllers/model_deployment/kind.hpp"
#include "operator/kube/workloads.hpp"
#include "tests/faults/explorer/deployments.hpp"

namespace slipway::explorer {
namespace {

using nlohmann::json;

enum : std::uint32_t {
  kSwitched = kOwnChanges,
  kImageChanged,
  kScaled,
  kStandbyTurned,
  kAutoscalingTurned,
};

json StatusOf(const Blobs& blobs, Blob resource) {
  return blobs.Json(resource).value("status", json::object());
}

json Variant(const char* name, int percent) {
  return {{"name", name},         {"trafficPercent", percent},
          {"image", "a"},         {"port", 8080},
          {"standbyReplicas", 0}, {"resources", {{"requests", {{"cpu", "1"}}}}}};
}

std::string VariantOf(const Facts& facts) {
  const auto& labels = facts.object->meta.labels;
  const auto found = labels.find(labels::kVariant);
  return found == labels.end() ? "" : found->second;
}

class ModelDeploymentKind final : public Kind {
 public:
  explicit ModelDeploymentKind(const Scenario& scenario)
      : Kind(MakeModelDeploymentController({})), scenario_(scenario) {}

  json Resource() const override;
  void Moves(const Machine& machine, const State& state, const Emit& emit) const override;
  bool FairStep(const Machine& machine, State& state, bool fails) const override {
    return FairCollection(machine, state) || FairDeployments(machine, state, fails);
  }
  std::string CheckState(const Machine& machine, const State& state) const override;
  std::string CheckRest(const Machine& machine, const State& state, bool fails) const override;
  std::string CheckPlan(const Blobs& blobs, const std::vector<Blob>& view,
                        const Outcome& outcome) const override;
  std::string CheckStatus(const Blobs& blobs, Blob before, Blob after) const override;

 private:
  const Scenario scenario_;
};

json ModelDeploymentKind::Resource() const {
  json object = {
      {"apiVersion", "slipway.dev/v1alpha1"},
      {"kind", "ModelDeployment"},
      {"metadata",
       {{"name", "model"}, {"namespace", "team-a"}, {"uid", "model-uid-0"}, {"generation", 1}}},
      {"spec",
       {{"endpoint", {{"port", 80}}},
        {"replicas", 1},
        {"variants", {Variant("blue", 100), Variant("green", 0)}}}},
      {"status", {{"observedGeneration", -1}}}};
  if (scenario_.autoscaled) {
    object["spec"].erase("replicas");
    object["spec"]["autoscaling"] = {
        {"minReplicas", 1}, {"maxReplicas", 3}, {"targetCPUUtilizationPercentage", 70}};
  }
  return object;
}

void Switch(json& spec) {
  if (spec["variants"].size() < 2) return;
  for (auto& variant : spec["variants"]) {
    variant["trafficPercent"] = 100 - variant["trafficPercent"].get<int>();
  }
}

/// The variant without traffic goes, or comes back.
void TurnStandby(json& spec) {
  json& variants = spec["variants"];
  if (variants.size() == 1) {
    variants.push_back(Variant(variants[0]["name"] == "blue" ? "green" : "blue", 0));
  } else {
    variants.erase(variants[0]["trafficPercent"] == 100 ? 1 : 0);
  }
}

void ModelDeploymentKind::Moves(const Machine& machine, const State& state,
                                const Emit& emit) const {
  DeploymentMoves(machine, state, emit);
  const Blob resource = machine.worlds.Resource(state);
  if (resource == 0) return;
  if (scenario_.autoscaled) {
    for (const Blob blob : state.objects) {
      const Facts& facts = machine.blobs[blob];
      if (!IsDeployment(facts)) continue;
      const Blob next = ScaleByAutoscaler(machine.blobs, blob, 2);
      if (next == blob) continue;
      State after = state;
      machine.worlds.Put(after, facts.name, next);
      emit(std::move(after), {"the autoscaler scales", blob});
    }
  }
  if (state.edits >= machine.limits.edits) return;
  UserEdit(machine, state, kSwitched, "the user moves the traffic to the other variant", Switch,
           emit);
  UserEdit(machine, state, kStandbyTurned, "the user removes or adds the other variant",
           TurnStandby, emit);
  UserEdit(
      machine, state, kImageChanged, "the user changes the image of a variant",
      [](json& spec) {
        json& image = spec["variants"][0]["image"];
        image = image == "a" ? "b" : "a";
      },
      emit);
  if (!scenario_.autoscaled) {
    UserEdit(
        machine, state, kScaled, "the user scales",
        [](json& spec) { spec["replicas"] = (spec["replicas"].get<int>() + 1) % 3; }, emit);
  }
  UserDelete(machine, state, emit);
}

std::string ModelDeploymentKind::CheckState(const Machine& /*machine*/,
                                            const State& /*state*/) const {
  return "";
}

const Facts* FindService(const Blobs& blobs, const std::vector<Blob>& view) {
  for (const Blob blob : view) {
    if (blobs[blob].object->type == kServices.type && !blobs[blob].owner.empty()) {
      return &blobs[blob];
    }
  }
  return nullptr;
}

/// What the Service sends requests to is neither deleted nor left while it alone answers.
std::string ModelDeploymentKind::CheckPlan(const Blobs& blobs, const std::vector<Blob>& view,
                                           const Outcome& outcome) const {
  const Facts* service = FindService(blobs, view);
  const std::string serving = service == nullptr ? "" : VariantOf(*service);
  std::map<std::string, int> available;
  std::map<std::string, std::string> names;
  for (const Blob blob : view) {
    if (!IsDeployment(blobs[blob])) continue;
    const auto& deployment = *static_cast<const DeploymentView*>(blobs[blob].object->body.get());
    available[VariantOf(blobs[blob])] = deployment.available_replicas;
    names[blobs[blob].object->key.name] = VariantOf(blobs[blob]);
  }
  for (const auto& action : outcome.plan.actions) {
    if (const auto* removal = std::get_if<Delete>(&action)) {
      const auto name = names.find(removal->key.name);
      if (name != names.end() && name->second == serving) return "what serves is deleted";
    }
    const auto* apply = std::get_if<Apply>(&action);
    if (apply == nullptr || apply->type != kServices.type || serving.empty()) continue;
    const std::string next = apply->body["spec"]["selector"][std::string(labels::kVariant)];
    if (next != serving && available[serving] > 0 && available[next] == 0) {
      const api::ModelDeployment& model =
          *static_cast<const api::ModelDeployment*>(blobs[view.front()].object->body.get());
      if (model.spec.replicas.value_or(1) > 0) return "requests go to what does not answer";
    }
  }
  if (!outcome.status) return "";
  return CheckAnyStatus(blobs[view.front()].object->meta, *outcome.status);
}

std::string ModelDeploymentKind::CheckStatus(const Blobs& blobs, Blob before, Blob after) const {
  const json old = StatusOf(blobs, before);
  const json next = StatusOf(blobs, after);
  if (next.value("observedGeneration", -1) < old.value("observedGeneration", -1)) {
    return "observedGeneration falls";
  }
  return CheckAnyStatus(blobs[after].object->meta, next);
}

/// Names of the children that the spec asks for and that the world has.
struct Children {
  std::map<std::string, DeploymentView> deployments;  ///< By variant.
  std::string serving;
  bool budget = false;
  bool autoscaler = false;
  bool blocked = false;  ///< Something of ours is invisible, or a name is a stranger's.
  bool any = false;
};

Children Count(const Machine& machine, const State& state) {
  Children children;
  for (const Blob blob : state.objects) {
    const Facts& facts = machine.blobs[blob];
    if (facts.kind == 0) continue;
    if (facts.owner.empty() || !facts.visible) {
      children.blocked = true;
      continue;
    }
    children.any = true;
    if (IsDeployment(facts)) {
      children.deployments[VariantOf(facts)] =
          *static_cast<const DeploymentView*>(facts.object->body.get());
    }
    if (facts.object->type == kServices.type) children.serving = VariantOf(facts);
    children.budget = children.budget || facts.object->type == kDisruptionBudgets.type;
    children.autoscaler = children.autoscaler || IsAutoscaler(facts);
  }
  return children;
}

std::string WhyUnfinished(const api::ModelDeployment& model, const Children& children) {
  for (const auto& variant : model.spec.variants) {
    const auto found = children.deployments.find(variant.name);
    if (found == children.deployments.end()) return "variant " + variant.name + " is missing";
    const bool wanted = variant.traffic_percent == 100;
    if (!wanted && found->second.spec_replicas != variant.standby_replicas) {
      return "a variant that stands by has its former size";
    }
    const int replicas = model.spec.replicas.value_or(1);
    if (wanted && !model.spec.autoscaling && found->second.spec_replicas != replicas) {
      return "the variant that serves has not the size of the spec";
    }
    if (wanted && children.serving != variant.name) return "the Service is not at " + variant.name;
  }
  if (children.deployments.size() > model.spec.variants.size()) return "a removed variant is left";
  if (!children.budget) return "the budget is missing";
  if (children.autoscaler != model.spec.autoscaling.has_value()) return "the autoscaler is wrong";
  return "";
}

std::string ModelDeploymentKind::CheckRest(const Machine& machine, const State& state,
                                           bool fails) const {
  const Children children = Count(machine, state);
  const Blob resource = machine.worlds.Resource(state);
  if (resource == 0) return children.any ? "a child outlives its owner" : "";
  const auto& model =
      *static_cast<const api::ModelDeployment*>(machine.blobs[resource].object->body.get());
  const json status = StatusOf(machine.blobs, resource);
  if (status.value("observedGeneration", -1) != model.meta.generation) {
    return "at rest with an old observedGeneration";
  }
  const bool stalled = HasCondition(status, "Stalled");
  if (children.blocked || fails) {
    return stalled || HasCondition(status, "Ready")
               ? ""
               : "at rest, neither Ready nor Stalled: " + status.value("message", "");
  }
  if (const auto why = WhyUnfinished(model, children); !why.empty()) {
    return fmt::format("at rest, but {} ({}: {})", why, status.value("phase", ""),
                       status.value("message", ""));
  }
  if (status.value("phase", "") == "Ready" && HasCondition(status, "Ready")) return "";
  return fmt::format("at rest, but {}: {}", status.value("phase", ""), status.value("message", ""));
}

}  // namespace

std::unique_ptr<Kind> MakeModelDeploymentKind(const Scenario& scenario) {
  return std::make_unique<ModelDeploymentKind>(scenario);
}

}  // namespace slipway::explorer
