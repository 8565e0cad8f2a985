#include "controllers/model_version/status.hpp"

#include <fmt/core.h>

#include "controllers/common/conditions.hpp"
#include "controllers/common/text.hpp"
#include "controllers/model_version/card.hpp"
#include "controllers/model_version/kind.hpp"

namespace slipway::model_version {
namespace {

using slipway::condition::kReady;
using slipway::condition::kStalled;

/// maxLength of status.metric.
constexpr std::size_t kMaxMetric = 192;

constexpr std::string_view kNotVerifiable =
    "spec.artifact has no digest, so nobody can tell whether the model is still the one that was "
    "recorded; have the training report artifact.digest and make another version";

}  // namespace

api::ModelVersionStatus MakeStatus(const api::ModelVersion& version, Instant now) {
  api::ModelVersionStatus status = version.status.value_or(api::ModelVersionStatus{});
  const bool verifiable = version.spec.artifact.digest.has_value();
  const std::string_view reason = verifiable ? reason::kRecorded : reason::kDigestMissing;
  const std::string message(verifiable ? "the record is complete" : kNotVerifiable);
  status.observed_generation = version.meta.generation;
  status.message = message;
  status.card = RenderCard(version);
  if (!version.spec.metrics.empty()) {
    const api::MetricValue& first = version.spec.metrics.front();
    status.metric = OneLine(fmt::format("{}={}", first.name, first.value), kMaxMetric);
  }
  ConditionWriter conditions(status.conditions, version.meta.generation, now);
  conditions.Set(kReady, verifiable, reason, message);
  conditions.SetWhile(!verifiable, kStalled, reason, message);
  return status;
}

std::vector<EmitEvent> MakeEvents(const std::optional<api::ModelVersionStatus>& before,
                                  const api::ModelVersionStatus& after) {
  const api::Condition* stalled = FindCondition(after.conditions, kStalled);
  if (stalled == nullptr || (before && IsTrue(before->conditions, kStalled))) return {};
  return {{EmitEvent::Type::kWarning, "Stalled", "Reconcile",
           OneLine(stalled->reason + ": " + stalled->message)}};
}

}  // namespace slipway::model_version
