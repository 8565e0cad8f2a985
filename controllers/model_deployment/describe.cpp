#include "controllers/model_deployment/describe.hpp"

#include <fmt/core.h>

#include "controllers/model_deployment/failure.hpp"
#include "controllers/model_deployment/plan.hpp"
#include "controllers/model_deployment/scale.hpp"

namespace slipway::model_deployment {
namespace {

std::string Pods(std::int32_t count) {
  return fmt::format("{} pod{}", count, count == 1 ? "" : "s");
}

bool IsComplete(const api::ModelDeployment& deployment, const Observed& observed,
                const VariantState& variant) {
  return variant.RolledOut(ScaleOf(deployment.spec, observed, variant).needed);
}

/// What keeps the deployment from ever getting there: a refused write, or a variant that the
/// cluster has given up on.
std::optional<Account> DescribeStalled(const api::ModelDeployment& deployment,
                                       const Observed& observed,
                                       const std::vector<api::VariantStatus>& variants) {
  for (std::size_t i = 0; i < deployment.spec.variants.size(); ++i) {
    const VariantState& variant = observed.variants[i];
    if (!variant.TimedOut()) continue;
    return Account{std::string(reason::kProgressDeadlineExceeded),
                   DescribeVariant(deployment, observed, variant, variants[i]) +
                       "; the time for its rollout is over, correct the variant",
                   false, true, false};
  }
  return std::nullopt;
}

Account DescribeSwitch(const api::ModelDeployment& deployment, const Observed& observed,
                       const api::VariantStatus& wanted) {
  Account account{std::string(reason::kSwitching), "", false, false, false};
  if (NextServing(deployment.spec, observed) == observed.wanted) {
    account.message = fmt::format("traffic moves from {} to {}", observed.serving, observed.wanted);
  } else {
    account.message = fmt::format("{} keeps the traffic until {} is complete; {}", observed.serving,
                                  observed.wanted,
                                  DescribeVariant(deployment, observed, observed.Wanted(), wanted));
  }
  return account;
}

/// A variant that is not complete: being brought to its newest form, or short of ready pods.
Account DescribeIncomplete(const api::ModelDeployment& deployment, const Observed& observed,
                           const VariantState& variant, const api::VariantStatus& status) {
  const bool newest = variant.in_effect && variant.view->updated_replicas == variant.view->replicas;
  const std::string_view why = variant.deployment == nullptr ? reason::kCreating
                               : newest                      ? reason::kPodsNotReady
                                                             : reason::kRollingOut;
  return {std::string(why), DescribeVariant(deployment, observed, variant, status), false, false,
          false};
}

/// What is on its way: the switch before all, then the wanted variant, then the others.
std::optional<Account> DescribeProgress(const api::ModelDeployment& deployment,
                                        const Observed& observed,
                                        const std::vector<api::VariantStatus>& variants) {
  const bool switching = observed.serving != observed.wanted;
  std::optional<Account> first;
  for (std::size_t i = 0; i < deployment.spec.variants.size(); ++i) {
    const VariantState& variant = observed.variants[i];
    const bool wanted = variant.name == observed.wanted;
    if (wanted && switching) return DescribeSwitch(deployment, observed, variants[i]);
    if (IsComplete(deployment, observed, variant)) continue;
    if (wanted || !first) first = DescribeIncomplete(deployment, observed, variant, variants[i]);
    if (wanted) return first;
  }
  return first;
}

Account DescribeWorld(const api::ModelDeployment& deployment, const Observed& observed,
                      const std::vector<api::VariantStatus>& variants) {
  Account account = DescribeServing(observed);
  account.in_effect = observed.service != nullptr && observed.serving == observed.wanted &&
                      IsComplete(deployment, observed, observed.Wanted());
  if (const auto stalled = DescribeStalled(deployment, observed, variants)) {
    return {stalled->reason, stalled->message, account.in_effect, true, false};
  }
  if (const auto progress = DescribeProgress(deployment, observed, variants)) {
    return {progress->reason, progress->message, account.in_effect, false, false};
  }
  if (observed.service == nullptr) {
    return {std::string(reason::kCreating), "creating the Service", false, false, false};
  }
  return account;
}

}  // namespace

Account DescribeServing(const Observed& observed) {
  const std::int32_t available = observed.Wanted().Available();
  if (available == 0) {
    return {std::string(reason::kScaledToZero),
            fmt::format("variant {} has no pods, as the spec asks; requests are refused",
                        observed.wanted),
            true, false, true};
  }
  return {std::string(reason::kServing),
          fmt::format("variant {} serves with {}", observed.wanted, Pods(available)), true, false,
          true};
}

Account Describe(const api::ModelDeployment& deployment, const Observed& observed,
                 const std::vector<api::VariantStatus>& variants,
                 const std::optional<Problem>& problem) {
  Account account = DescribeWorld(deployment, observed, variants);
  if (!problem) return account;
  // What the API server refuses is not in effect, however well the older form of it serves.
  return {problem->reason, problem->message, account.in_effect && !problem->stalled,
          problem->stalled, false};
}

std::string DescribeVariant(const api::ModelDeployment& deployment, const Observed& observed,
                            const VariantState& variant, const api::VariantStatus& status) {
  const std::int32_t needed = ScaleOf(deployment.spec, observed, variant).needed;
  std::string text = fmt::format("variant {}: ", variant.name);
  if (variant.deployment == nullptr) {
    text += "creating its Deployment";
  } else if (!variant.in_effect) {
    text += fmt::format("a change is on its way to its {}", Pods(status.replicas));
  } else if (status.updated_replicas < status.replicas) {
    text += fmt::format("{} of {} in the newest form, {} ready", status.updated_replicas,
                        Pods(status.replicas), status.ready_replicas);
  } else {
    text += fmt::format("{} of {} ready", status.ready_replicas, Pods(needed));
  }
  if (status.last_failure) text += "; " + DescribeFailure(*status.last_failure);
  return text;
}

}  // namespace slipway::model_deployment
