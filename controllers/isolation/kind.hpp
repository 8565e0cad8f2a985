#pragma once

#include <string_view>

#include "crds/generated/codec.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/resource.hpp"

/// What names isolation to users: kinds, labels, names of children and every reason that a
/// condition or an Event can show.
namespace slipway::isolation {

/// One that this version cannot read comes back with a profile that nobody knows and selects every
/// namespace: what is not understood must not be taken for absent.
Result<api::IsolationPolicy> DecodePolicy(const JsonView& object);

/// Whether this version understands how far the policy closes.
inline bool IsReadable(const api::IsolationPolicy& policy) {
  return policy.spec.profile != api::IsolationProfile::kUnknown;
}

inline constexpr Resource<api::IsolationPolicy> kIsolationPolicies{api::kIsolationPolicyType,
                                                                   DecodePolicy,
                                                                   /*keep_json=*/false,
                                                                   /*cluster_scoped=*/true};

/// Value of label app.kubernetes.io/name of all children.
inline constexpr std::string_view kApplication = "isolation";
/// The one NetworkPolicy that isolates a namespace.
inline constexpr std::string_view kPolicyName = "slipway-isolation";
/// Role of the pod that looks, from time to time, whether packets are filtered.
inline constexpr std::string_view kCheckRole = "isolation-check";
/// The container in which a pod looks before its own program starts.
inline constexpr std::string_view kProbeContainer = "isolation-probe";

/// Annotation of that NetworkPolicy and of each pod that starts under it: a mark of the rules that
/// were the last to forbid what was allowed before. A pod that bears another may still use a
/// connection that is forbidden now.
inline constexpr std::string_view kSince = "slipway.dev/isolation";

/// Annotation of that NetworkPolicy: what its rules leave open that no NetworkPolicy of the
/// namespace says, so that it is seen when they leave it open no more.
inline constexpr std::string_view kLeaves = "slipway.dev/isolation-leaves";

namespace condition {
inline constexpr std::string_view kEnforced = "Enforced";
inline constexpr std::string_view kVerified = "EnforcementVerified";
}  // namespace condition

namespace reason {
inline constexpr std::string_view kIsolationPending = "IsolationPending";
inline constexpr std::string_view kIsolationUnprovable = "IsolationUnprovable";
inline constexpr std::string_view kImageNotAllowed = "ImageNotAllowed";
inline constexpr std::string_view kImageNotSigned = "ImageNotSigned";
inline constexpr std::string_view kInvalidKey = "InvalidKey";
inline constexpr std::string_view kArtifactNotAllowed = "ArtifactNotAllowed";
inline constexpr std::string_view kEnforced = "Enforced";
inline constexpr std::string_view kVerified = "Verified";
inline constexpr std::string_view kUnenforced = "IsolationUnenforced";
inline constexpr std::string_view kNothingProven = "NothingProven";
inline constexpr std::string_view kVerifying = "Verifying";
inline constexpr std::string_view kTightened = "IsolationTightened";
inline constexpr std::string_view kNotProbed = "NotProbed";
inline constexpr std::string_view kForeignPolicies = "ForeignPolicies";
inline constexpr std::string_view kInvalidNetwork = "InvalidNetwork";
inline constexpr std::string_view kUnreadable = "PolicyUnreadable";
inline constexpr std::string_view kNothingSelected = "NothingSelected";
}  // namespace reason

}  // namespace slipway::isolation
