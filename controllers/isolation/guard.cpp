#include "controllers/isolation/guard.hpp"

#include <algorithm>
#include <utility>

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/isolation/artifacts.hpp"
#include "controllers/isolation/kind.hpp"
#include "controllers/isolation/marks.hpp"
#include "controllers/isolation/network.hpp"
#include "controllers/isolation/place.hpp"
#include "controllers/isolation/signatures.hpp"
#include "operator/kube/network.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway {
namespace isolation {
namespace {

using nlohmann::json;

constexpr const char* kTightened = "the rules that isolate it have become stricter";

/// The pod that an action makes: of a pod itself, or of the template of what makes pods. Null for
/// every other action.
json* PodOf(Action& action) {
  if (auto* create = std::get_if<Create>(&action)) {
    return create->type == kPods.type ? &create->body : nullptr;
  }
  auto* apply = std::get_if<Apply>(&action);
  const bool template_of_pods = apply != nullptr && apply->type == kDeployments.type;
  return template_of_pods ? &apply->body["spec"]["template"] : nullptr;
}

const std::pair<const ResourceType&, const ObjectKey&> Target(const Action& action) {
  return std::visit(
      [](const auto& write) {
        return std::pair<const ResourceType&, const ObjectKey&>(write.type, write.key);
      },
      action);
}

/// A pass of the controller, and what becomes of it.
class Pass {
 public:
  Pass(const ReconcileInput& input, const Object& owner, const Settings& settings, Pods pods)
      : input_(input),
        settings_(settings),
        pods_(pods),
        owner_(owner),
        place_(Look(input.key.ns, input.world, settings)) {}

  /// Nothing here has to do with isolation.
  bool Open() const { return !place_.rules && !place_.problem && OwnPolicy() == nullptr; }
  Snapshot World() const {
    return WithMarks(input_.world, owner_, place_.since, pods_ == Pods::kGroup);
  }

  void Hold(Plan& plan) {
    std::vector<Action> passed;
    for (auto& action : plan.actions) {
      if (auto problem = Admit(action)) {
        const auto [type, key] = Target(action);
        held_.push_back({type,
                         key,
                         {Code::kForbidden, problem->message, {}},
                         false,
                         {},
                         problem->reason,
                         problem->stalled});
      } else {
        passed.push_back(std::move(action));
      }
    }
    plan.actions = std::move(passed);
    DeleteStale(plan);
    KeepOwnPolicy(plan);
  }

  const std::vector<WriteFailure>& Held() const { return held_; }

 private:
  /// Makes a pod one of this place; the reason if it may not be made.
  std::optional<Problem> Admit(Action& action) {
    if (const auto* patch = std::get_if<Patch>(&action)) return LetGo(*patch);
    json* pod = PodOf(action);
    if (pod == nullptr) return std::nullopt;
    wants_pods_ = true;
    if (place_.problem) return place_.problem;
    if (NeedsOwnPolicy() && !OwnPolicyIsThere()) {
      return Problem{
          std::string(reason::kIsolationPending),
          "the NetworkPolicy by which its pods may connect to each other is not in place "
          "yet"};
    }
    Dress((*pod)["metadata"], (*pod)["spec"], place_, settings_);
    if (auto problem = WhyImagesNotAllowed((*pod)["spec"], place_, settings_)) return problem;
    if (!place_.rules) return std::nullopt;
    return AdmitModel(owner_, action, *place_.rules, input_.world, settings_);
  }

  /// A pod that waits behind a gate may have been made before its namespace was isolated.
  std::optional<Problem> LetGo(const Patch& patch) const {
    const bool closed = place_.rules && place_.rules->closed;
    if (patch.type != kPods.type || !(place_.problem || closed)) return std::nullopt;
    if (place_.problem) return place_.problem;
    const Object* pod = input_.world.FindObject(kPods.type, patch.key);
    if (pod != nullptr && SinceOf(pod->meta) == place_.since) return std::nullopt;
    return Problem{
        std::string(reason::kIsolationPending),
        "a pod was made under other rules than those that isolate it now, and starts anew"};
  }

  bool NeedsOwnPolicy() const {
    return pods_ == Pods::kGroup && place_.rules && place_.rules->closed &&
           place_.rules->within_workload;
  }
  ObjectKey OwnPolicyKey() const {
    return ChildKey(input_.key, ChildName(owner_.meta.name, owner_.meta.uid, kApplication));
  }
  const Object* OwnPolicy() const {
    return input_.world.FindObject(kNetworkPolicies.type, OwnPolicyKey());
  }
  bool OwnPolicyIsThere() const {
    const auto* view = input_.world.Find(kNetworkPolicies, OwnPolicyKey());
    return view != nullptr && !OwnPolicy()->meta.deleted &&
           view->spec_digest == DigestOf(WorkloadPolicySpec(owner_.meta.uid));
  }

  void KeepOwnPolicy(Plan& plan) {
    const bool has_pods = wants_pods_ || !OwnPods().empty();
    if (NeedsOwnPolicy() && OwnPolicy() != nullptr && !OwnPolicyIsThere()) {
      // An apply takes nothing away that somebody has added.
      plan.actions.emplace_back(Patch{kNetworkPolicies.type, OwnPolicyKey(),
                                      json{{"spec", WorkloadPolicySpec(owner_.meta.uid)}},
                                      "it does not say what lets its pods meet"});
    } else if (NeedsOwnPolicy() && has_pods) {
      plan.actions.emplace_back(
          Apply{kNetworkPolicies.type, OwnPolicyKey(),
                json{{"metadata", {{"labels", ChildLabels(kApplication, owner_.meta, "workload")}}},
                     {"spec", WorkloadPolicySpec(owner_.meta.uid)}}});
    }
    const Object* own = OwnPolicy();
    const bool ours = own != nullptr && IsChildOf(own->key, own->meta, input_.key, owner_.meta);
    if (!NeedsOwnPolicy() && !place_.problem && ours && !own->meta.deleted) {
      plan.actions.emplace_back(Delete{kNetworkPolicies.type,
                                       own->key,
                                       own->meta.uid,
                                       "its pods are not isolated that way any more",
                                       {}});
    }
  }

  std::vector<const Object*> OwnPods() const {
    std::vector<const Object*> pods;
    for (const auto& object : input_.world.Objects()) {
      const bool own = object->type == kPods.type &&
                       IsChildOf(object->key, object->meta, input_.key, owner_.meta);
      if (own) pods.push_back(object.get());
    }
    return pods;
  }

  /// Only what this owner has made itself: where the template of a Deployment has changed, its pods
  /// are replaced one by one. A group is started anew by its controller, which records that first.
  void DeleteStale(Plan& plan) {
    if (pods_ == Pods::kGroup) return;
    for (const Object* pod : OwnPods()) {
      if (pod->meta.deleted || !IsStale(*pod, place_.since)) continue;
      const bool deleted_already = std::ranges::any_of(plan.actions, [&](const Action& action) {
        const auto* deletes = std::get_if<Delete>(&action);
        return deletes != nullptr && deletes->type == kPods.type && deletes->key == pod->key;
      });
      if (deleted_already) continue;
      plan.actions.emplace_back(Delete{kPods.type, pod->key, pod->meta.uid, kTightened, {}});
    }
  }

  const ReconcileInput& input_;
  const Settings& settings_;
  Pods pods_;
  const Object& owner_;
  Place place_;
  bool wants_pods_ = false;
  std::vector<WriteFailure> held_;
};

Outcome Reconcile(const Controller& inner, const ReconcileInput& input, const Settings& settings,
                  Pods pods) {
  const Object* owner = input.world.FindObject(inner.kind.type, input.key);
  if (owner == nullptr || owner->meta.deleted) return inner.reconcile(input);
  Pass pass(input, *owner, settings, pods);
  if (pass.Open()) return inner.reconcile(input);

  const Snapshot world = pass.World();
  Outcome outcome = inner.reconcile({input.key, world, input.now, input.failures});
  pass.Hold(outcome.plan);
  if (pass.Held().empty()) return outcome;
  // As the runtime does with writes that failed (run/controller.hpp).
  std::vector<WriteFailure> failures = pass.Held();
  failures.insert(failures.end(), input.failures.begin(), input.failures.end());
  Outcome told = inner.reconcile({input.key, world, input.now, failures});
  outcome.status = std::move(told.status);
  outcome.plan.events = std::move(told.plan.events);
  return outcome;
}

}  // namespace
}  // namespace isolation

Controller Isolated(Controller controller, const Settings& settings, Pods pods) {
  Controller isolated = controller;
  if (pods == Pods::kGroup) isolated.owns.emplace_back(kNetworkPolicies);
  const auto beside = [](const Object& resource) { return resource.key.ns; };
  for (auto& lookup : isolation::LookUpPlace(beside)) {
    isolated.looks_up.push_back(std::move(lookup));
  }
  isolated.looks_up.push_back(isolation::LookUpSignatures(settings));
  isolated.reconcile = [inner = std::move(controller), settings,
                        pods](const ReconcileInput& input) {
    return isolation::Reconcile(inner, input, settings, pods);
  };
  return isolated;
}

}  // namespace slipway
