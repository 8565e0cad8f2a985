#pragma once

#include <map>
#include <string>
#include <vector>

#include "crds/generated/types.hpp"
#include "operator/kube/meta.hpp"

/// What is known of the controls of PCI DSS v4, HIPAA (45 CFR 164.312) and the GDPR where an
/// IsolationPolicy holds.
namespace slipway::isolation {

/// Judges each control of the rule books that the policy names, by book and number.
///
/// `conditions` and `proofs` are those of this pass, of all namespaces that it selects;
/// `namespaces` are all that there are. The result says what is enforced, was seen or is to be set,
/// and nothing about a whole rule book: most of each is about people. Where a part of a control can
/// be seen and the rest cannot, it is NotMet as long as that part does not hold, and NotCheckable
/// when it does. Times are those of the proofs, so what is settled stays the same text.
std::vector<api::IsolationControl> JudgeControls(
    const api::IsolationPolicySpec& spec, const std::vector<api::Condition>& conditions,
    const std::vector<api::IsolationProof>& proofs,
    const std::map<std::string, const ObjectMeta*>& namespaces);

}  // namespace slipway::isolation
