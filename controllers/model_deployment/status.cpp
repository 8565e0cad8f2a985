#include "controllers/model_deployment/status.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "controllers/common/conditions.hpp"
#include "controllers/common/text.hpp"
#include "controllers/model_deployment/describe.hpp"
#include "controllers/model_deployment/desired.hpp"
#include "controllers/model_deployment/failure.hpp"
#include "controllers/model_deployment/scale.hpp"

namespace slipway::model_deployment {
namespace {

using Phase = api::ModelDeploymentPhase;

/// CPU use is measured every few seconds and never stands still; only a step of so many percent
/// points is worth a write.
constexpr std::int32_t kUtilizationStep = 10;

api::VariantStatus MakeVariant(const Observed& observed, const VariantState& variant) {
  const DeploymentView none;
  const DeploymentView& view = variant.view == nullptr ? none : *variant.view;
  const bool serves = observed.service != nullptr && variant.name == observed.serving;
  return {variant.name,        serves ? 100 : 0,      view.replicas,
          view.ready_replicas, view.updated_replicas, LastFailure(variant)};
}

/// As the CRD allows. Those of the spec come first and are ten at most, so that what is cut off, if
/// anything, are removed ones that wait to be deleted.
constexpr std::size_t kMaxVariants = 20;

std::vector<api::VariantStatus> MakeVariants(const Observed& observed) {
  std::vector<api::VariantStatus> variants;
  for (const auto& variant : observed.variants) {
    if (variants.size() == kMaxVariants) break;
    variants.push_back(MakeVariant(observed, variant));
  }
  return variants;
}

std::optional<api::AutoscalingStatus> MakeAutoscaling(
    const api::ModelDeployment& deployment, const Observed& observed,
    const std::optional<api::AutoscalingStatus>& recorded) {
  if (!deployment.spec.autoscaling || observed.autoscaler_view == nullptr) return std::nullopt;
  const AutoscalerView& view = *observed.autoscaler_view;
  api::AutoscalingStatus status{view.current_replicas, view.desired_replicas,
                                view.current_cpu_utilization};
  const bool comparable = recorded && recorded->current_cpu_utilization_percentage &&
                          view.current_cpu_utilization &&
                          recorded->current_replicas == status.current_replicas &&
                          recorded->desired_replicas == status.desired_replicas;
  if (comparable) {
    const std::int32_t before = *recorded->current_cpu_utilization_percentage;
    const bool moved = std::abs(before - *view.current_cpu_utilization) >= kUtilizationStep;
    if (!moved) status.current_cpu_utilization_percentage = before;
  }
  return status;
}

std::string SelectorText(const api::ModelDeployment& deployment, const std::string& variant) {
  std::vector<std::string> terms;
  for (const auto& [name, value] : PodSelector(deployment, variant)) {
    terms.push_back(fmt::format("{}={}", name, value));
  }
  return fmt::format("{}", fmt::join(terms, ","));
}

void SetEndpoint(ConditionWriter& conditions, const api::ModelDeployment& deployment,
                 const Observed& observed) {
  const std::int32_t available = observed.Serving().Available();
  if (observed.service == nullptr) {
    conditions.Set(condition::kEndpointReady, false, reason::kCreating,
                   "the Service does not exist yet");
  } else if (available > 0) {
    conditions.Set(condition::kEndpointReady, true, reason::kServing,
                   fmt::format("variant {} answers", observed.serving));
  } else {
    const bool asked = ScaleOf(deployment.spec, observed, observed.Wanted()).needed == 0;
    conditions.Set(condition::kEndpointReady, false,
                   asked ? reason::kScaledToZero : reason::kNoReadyPods,
                   fmt::format("variant {} has no ready pod", observed.serving));
  }
}

void SetVariants(ConditionWriter& conditions, const api::ModelDeployment& deployment,
                 const Observed& observed, const std::vector<api::VariantStatus>& variants) {
  for (std::size_t i = 0; i < deployment.spec.variants.size(); ++i) {
    const VariantState& variant = observed.variants[i];
    if (variant.RolledOut(ScaleOf(deployment.spec, observed, variant).needed)) continue;
    conditions.Set(condition::kVariantsReady, false,
                   variant.TimedOut() ? reason::kProgressDeadlineExceeded : reason::kPodsNotReady,
                   DescribeVariant(deployment, observed, variant, variants[i]));
    return;
  }
  conditions.Set(condition::kVariantsReady, true, reason::kVariantsReady,
                 "every variant runs as the spec asks");
}

/// The autoscaler's own words. Of its conditions AbleToScale and ScalingActive say whether it
/// works; ScalingLimited only that it would like to go beyond its bounds.
void SetAutoscaling(ConditionWriter& conditions, const api::ModelDeployment& deployment,
                    const Observed& observed) {
  if (!deployment.spec.autoscaling) {
    conditions.Remove(condition::kAutoscalingActive);
    return;
  }
  const ConditionView* active = nullptr;
  if (observed.autoscaler_view != nullptr) {
    for (const auto& item : observed.autoscaler_view->conditions) {
      const bool broken = item.type == "AbleToScale" && item.status == "False";
      if (item.type == "ScalingActive" && active == nullptr) active = &item;
      if (broken) active = &item;
    }
  }
  if (active == nullptr || active->reason.empty()) {
    conditions.Set(condition::kAutoscalingActive, false, reason::kAutoscalerPending,
                   "the HorizontalPodAutoscaler has not reported yet");
    return;
  }
  const bool works = active->type == "ScalingActive" && active->status == "True";
  conditions.Set(condition::kAutoscalingActive, works, active->reason, active->message);
}

Phase MakePhase(const Observed& observed, const Account& account,
                const std::vector<api::VariantStatus>& variants) {
  if (account.stalled) return Phase::kDegraded;
  if (account.settled) return Phase::kReady;
  if (observed.Serving().Available() > 0) return Phase::kProgressing;
  const bool failing = std::ranges::any_of(variants, [&](const api::VariantStatus& variant) {
    return variant.name == observed.wanted && variant.last_failure;
  });
  return failing ? Phase::kDegraded : Phase::kPending;
}

void SetConditions(ConditionWriter& conditions, const api::ModelDeployment& deployment,
                   const Observed& observed, const Account& account,
                   const std::vector<api::VariantStatus>& variants) {
  const Account ready = account.in_effect ? DescribeServing(observed) : account;
  conditions.Set(slipway::condition::kReady, account.in_effect, ready.reason, ready.message);
  conditions.SetWhile(!account.settled && !account.stalled, slipway::condition::kReconciling,
                      account.reason, account.message);
  conditions.SetWhile(account.stalled, slipway::condition::kStalled, account.reason,
                      account.message);
  SetEndpoint(conditions, deployment, observed);
  SetVariants(conditions, deployment, observed, variants);
  SetAutoscaling(conditions, deployment, observed);
}

/// The variant that the status says gets the requests; empty when none does.
std::string ServingVariant(const api::ModelDeploymentStatus& status) {
  const auto found = std::ranges::find(status.variants, 100, &api::VariantStatus::traffic_percent);
  return found == status.variants.end() ? std::string() : found->name;
}

}  // namespace

api::ModelDeploymentStatus MakeStatus(const ObjectKey& key, const api::ModelDeployment& deployment,
                                      const Observed& observed,
                                      const std::optional<Problem>& problem,
                                      const Settings& settings, Instant now) {
  api::ModelDeploymentStatus status = deployment.status.value_or(api::ModelDeploymentStatus{});
  status.observed_generation = deployment.meta.generation;
  status.variants = MakeVariants(observed);
  Account account = Describe(deployment, observed, status.variants, problem);
  account.message = OneLine(account.message);
  const DeploymentView* serving = observed.Serving().view;
  status.replicas = serving == nullptr ? 0 : serving->replicas;
  status.ready_replicas = serving == nullptr ? 0 : serving->ready_replicas;
  status.selector = SelectorText(deployment, observed.serving);
  status.url = Url(key, deployment, settings);
  status.message = account.message;
  status.phase = MakePhase(observed, account, status.variants);
  status.autoscaling = MakeAutoscaling(deployment, observed, status.autoscaling);
  ConditionWriter conditions(status.conditions, deployment.meta.generation, now);
  SetConditions(conditions, deployment, observed, account, status.variants);
  return status;
}

std::vector<EmitEvent> MakeEvents(const std::optional<api::ModelDeploymentStatus>& before,
                                  const api::ModelDeploymentStatus& after) {
  using slipway::condition::kStalled;
  std::vector<EmitEvent> events;
  const std::string from = before ? ServingVariant(*before) : "";
  const std::string to = ServingVariant(after);
  if (!from.empty() && !to.empty() && from != to) {
    events.push_back({EmitEvent::Type::kNormal, "TrafficSwitched", "SwitchTraffic",
                      fmt::format("requests go to variant {} now, no longer to {}", to, from)});
  }
  const api::Condition* stalled = FindCondition(after.conditions, kStalled);
  const bool was_stalled = before && IsTrue(before->conditions, kStalled);
  if (stalled != nullptr && !was_stalled) {
    events.push_back({EmitEvent::Type::kWarning, "Stalled", "Reconcile",
                      stalled->reason + ": " + stalled->message});
  }
  const std::vector<api::Condition> none;
  if (auto barred = BarredEvent(before ? before->conditions : none, after.conditions)) {
    events.push_back(std::move(*barred));
  }
  return events;
}

}  // namespace slipway::model_deployment
