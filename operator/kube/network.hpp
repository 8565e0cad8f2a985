#pragma once

#include <string>

#include "operator/kube/resource.hpp"

/// The kinds that networks are isolated by.
namespace slipway {

/// A Namespace is told by its labels, which are in its metadata.
struct NamespaceView {};

struct NetworkPolicyView {
  /// Of what it says, in hex: equal when two policies mean the same by the same words.
  std::string spec_digest;
  bool allows = false;  ///< It has a rule, and does not forbid alone.
};

Result<NamespaceView> DecodeNamespace(const JsonView& object);
Result<NetworkPolicyView> DecodeNetworkPolicy(const JsonView& object);

/// The digest that a policy of this spec has once it is stored. The spec has to be as the API
/// server keeps it: every default written out, nothing empty but selectors.
std::string NetworkPolicyDigest(const std::string& spec_json);

inline constexpr Resource<NamespaceView> kNamespaces{{"", "v1", "Namespace", "namespaces"},
                                                     DecodeNamespace,
                                                     /*keep_json=*/false,
                                                     /*cluster_scoped=*/true};
inline constexpr Resource<NetworkPolicyView> kNetworkPolicies{
    {"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"},
    DecodeNetworkPolicy,
    /*keep_json=*/true};

}  // namespace slipway
