#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/model_deployment/observe.hpp"

/// The words in which a status tells a person what happens and what is waited for.
namespace slipway::model_deployment {

/// Where the deployment stands, and why in one line.
struct Account {
  std::string reason;
  std::string message;
  bool in_effect = false;  ///< Condition Ready.
  bool stalled = false;
  bool settled = false;  ///< Nothing is on its way.
};

/// `variants` is the new status' list, in the order of `observed.variants`.
Account Describe(const api::ModelDeployment& deployment, const Observed& observed,
                 const std::vector<api::VariantStatus>& variants,
                 const std::optional<Problem>& problem);

/// What Ready says while it is True, also when something else is on its way.
Account DescribeServing(const Observed& observed);

/// "variant green: 1 of 3 pods ready; ImagePullFailed: ...", for a variant of the spec.
std::string DescribeVariant(const api::ModelDeployment& deployment, const Observed& observed,
                            const VariantState& variant, const api::VariantStatus& status);

}  // namespace slipway::model_deployment
