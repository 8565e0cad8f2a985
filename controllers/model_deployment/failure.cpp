#include "controllers/model_deployment/failure.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"

namespace slipway::model_deployment {
namespace {

bool IsFullyReady(const VariantState& variant) {
  return variant.view != nullptr && variant.view->ready_replicas >= variant.view->spec_replicas;
}

bool HasEnded(const PodView& pod) {
  return pod.phase == PodView::Phase::kFailed ||
         std::ranges::any_of(pod.containers,
                             [](const ContainerState& item) { return item.exit_code.has_value(); });
}

api::VariantFailure FromEnd(const PodEnd& end) {
  api::VariantFailure failure{end.reason, OneLine(end.message), end.exit_code, std::nullopt};
  if (end.time) failure.time = StatusTime(*end.time);
  return failure;
}

/// Why the Deployment's controller cannot even make a pod: a quota, or an admission policy.
std::optional<api::VariantFailure> WhyNoPod(const VariantState& variant) {
  if (variant.view == nullptr) return std::nullopt;
  for (const auto& item : variant.view->conditions) {
    const bool refused = item.type == "ReplicaFailure" && item.status == "True";
    if (refused) return api::VariantFailure{item.reason, OneLine(item.message), {}, {}};
  }
  return std::nullopt;
}

}  // namespace

std::optional<api::VariantFailure> LastFailure(const VariantState& variant) {
  std::optional<api::VariantFailure> waiting;
  for (const auto& pod : variant.pods) {
    const bool replaced = pod.view->Ended() && IsFullyReady(variant);
    if (pod.view->ready || replaced) continue;
    if (HasEnded(*pod.view)) return FromEnd(DescribeEnd(*pod.view));
    const auto problem = WhyNotStarting(*pod.view);
    if (problem && !waiting) {
      waiting = api::VariantFailure{problem->reason, problem->message, {}, {}};
    }
  }
  return waiting ? waiting : WhyNoPod(variant);
}

std::string DescribeFailure(const api::VariantFailure& failure) {
  std::string text = failure.reason;
  if (failure.exit_code) text += fmt::format(" (exit code {})", *failure.exit_code);
  if (!failure.message.empty()) text += ": " + failure.message;
  return text;
}

}  // namespace slipway::model_deployment
