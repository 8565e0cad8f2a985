#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/model_deployment/kind.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::model_deployment {

/// A pod of a variant. Points into the snapshot, so it lives no longer than one pass.
struct ServerPod {
  const ObjectKey* key = nullptr;
  const ObjectMeta* meta = nullptr;
  const PodView* view = nullptr;
};

/// One variant with what there is of it.
struct VariantState {
  std::string name;
  /// Nullptr when the spec no longer has it.
  const api::Variant* spec = nullptr;
  /// The Deployment and what it reports; both or neither.
  const Object* deployment = nullptr;
  const DeploymentView* view = nullptr;
  /// Pods that are not being deleted, newest first.
  std::vector<ServerPod> pods;
  /// The Deployment was written for the newest spec, and its controller has seen it.
  bool in_effect = false;

  /// Ready pods of whatever revision.
  std::int32_t Available() const { return view == nullptr ? 0 : view->available_replicas; }
  /// All pods run the newest spec and at least `count` of them are available.
  bool RolledOut(std::int32_t count) const;
  /// The Deployment's controller has given up waiting for it (progressDeadlineSeconds).
  bool TimedOut() const;
};

/// The deployment as it stands.
struct Observed {
  /// Those of the spec in its order, then those that only their Deployment remembers.
  std::vector<VariantState> variants;
  const Object* service = nullptr;
  const Object* budget = nullptr;
  const Object* autoscaler = nullptr;
  const AutoscalerView* autoscaler_view = nullptr;
  /// The variant with trafficPercent 100.
  std::string wanted;
  /// The variant that the Service sends requests to; `wanted` before there is a Service.
  std::string serving;

  const VariantState& Variant(const std::string& name) const;
  const VariantState& Wanted() const { return Variant(wanted); }
  const VariantState& Serving() const { return Variant(serving); }
};

/// Finds the children of the deployment. A Deployment counts as a variant's when it is ours and
/// has the name that the operator gives it; the pods are found by the labels that the Deployment's
/// template carries.
Observed Observe(const ObjectKey& key, const api::ModelDeployment& deployment,
                 const Snapshot& world);

}  // namespace slipway::model_deployment
