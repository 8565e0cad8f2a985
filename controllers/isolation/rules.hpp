#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controllers/common/settings.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/meta.hpp"
#include "operator/kube/resource.hpp"

/// What holds in a namespace, by all IsolationPolicies together.
namespace slipway::isolation {

/// The keys of one policy, by one of which images must have been signed.
struct Signers {
  std::string policy;
  std::vector<api::IsolationSignatureKey> keys;
};

struct ImageRules {
  /// One list for each policy that has one; an image must be under one of each.
  std::vector<std::vector<std::string>> allowed;
  bool require_digest = false;
  std::vector<api::IsolationMirror> mirrors;
  std::vector<std::string> pull_secrets;
  /// One for each policy that has keys; an image must be signed by one of each.
  std::vector<Signers> signers;
};

struct ArtifactRules {
  /// One list for each policy that has one; a model must fit one entry of each.
  std::vector<std::vector<std::string>> allowed_uris;
  std::vector<std::vector<std::string>> allowed_formats;
  bool require_digest = false;
  bool AllowsAll() const {
    return allowed_uris.empty() && allowed_formats.empty() && !require_digest;
  }
};

struct Rules {
  std::vector<std::string> policies;  ///< Their names, sorted; never empty.
  bool closed = false;                ///< Default deny; else the network is left as it is.
  std::vector<api::IsolationPeer> ingress_from;
  std::vector<api::IsolationPeer> egress_to;
  bool within_workload = true;
  bool block_metadata = false;
  bool probed = false;
  std::int32_t interval_seconds = 0;
  std::int32_t timeout_seconds = 0;
  ImageRules images;
  ArtifactRules artifacts;
  /// Labels of the machines that are meant; of two values for one label that of the first policy,
  /// and the admission of the other refuses the pod.
  std::map<std::string, std::string> node_selector;
  /// That of the first policy that has one.
  std::optional<api::IsolationTrustBundle> trust;
};

/// Whether this installation looks after the namespace. What isolates one that it does not is
/// another installation's.
bool IsServed(const std::string& ns, const Settings& settings);

/// Whether policies may select the namespace, and this installation isolates it then: those of the
/// cluster itself and the operator's own are left alone, for what isolates them stops everything
/// else.
bool MayBeIsolated(const std::string& ns, const Settings& settings);

/// Whether the policy selects a namespace of that name and with these labels, which this
/// installation serves; or, anywhere, whoever serves it.
bool Selects(const api::IsolationPolicy& policy, const ObjectMeta& ns, const Settings& settings);
bool SelectsAnywhere(const api::IsolationPolicy& policy, const ObjectMeta& ns,
                     const Settings& settings);

/// What holds in the namespace; nullopt when no policy selects it. Of several the strictest holds:
/// what is allowed is what each of them allows, of times the shortest interval and the longest
/// patience counts. A policy that is being deleted holds until it is gone; one that this version
/// cannot read is not in it.
std::optional<Rules> RulesFor(const ObjectMeta& ns,
                              const std::vector<Item<api::IsolationPolicy>>& policies,
                              const Settings& settings);

}  // namespace slipway::isolation
