#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "controllers/common/settings.hpp"
#include "controllers/isolation/rules.hpp"

/// The NetworkPolicies that say what the rules of a namespace mean
/// (https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/), as
/// the API server keeps them: what is empty is left out, every default is written out.
namespace slipway::isolation {

/// Of all pods of the namespace: nothing but the cluster's DNS, the operator's reports and what the
/// rules name. Requires rules.closed.
///
/// DNS: policies act behind the address of a Service, so ports and labels are those of the pods
/// that answer, 53 or, on OpenShift, 5353; 169.254.20.10 is the cache of NodeLocal DNS.
nlohmann::json NamespacePolicySpec(const Rules& rules, const Settings& settings);

/// Of the pods of one owner: whatever else holds, they may connect to each other.
nlohmann::json WorkloadPolicySpec(const std::string& owner_uid);

/// The digest by which such a spec is found again (NetworkPolicyView::spec_digest).
std::string DigestOf(const nlohmann::json& spec);

/// Whether `next` allows everything that `before` allowed: it has the same rules and maybe more.
bool OnlyAdds(const nlohmann::json& before, const nlohmann::json& next);

}  // namespace slipway::isolation
