#include "controllers/model_version/status.hpp"

#include <fmt/core.h>

#include <algorithm>

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

bool IsChampion(const api::ModelVersionStatus& status) {
  return std::ranges::find(status.aliases, kChampion) != status.aliases.end();
}

/// The first copy, and the first of a row of failures.
void AddMirrorEvents(std::vector<EmitEvent>& events,
                     const std::optional<api::ModelVersionStatus>& before,
                     const api::ModelVersionStatus& after) {
  const api::Condition* mirrored = FindCondition(after.conditions, condition::kMirrored);
  if (mirrored == nullptr) return;
  const bool was = before && IsTrue(before->conditions, condition::kMirrored);
  const bool is = IsTrue(after.conditions, condition::kMirrored);
  const api::Condition* said =
      before ? FindCondition(before->conditions, condition::kMirrored) : nullptr;
  const bool news = said == nullptr || said->reason != mirrored->reason;
  if (is && !was) {
    events.push_back({EmitEvent::Type::kNormal, mirrored->reason, "Mirror", mirrored->message});
  } else if (!is && news && mirrored->reason != reason::kMirroring) {
    events.push_back({EmitEvent::Type::kWarning, mirrored->reason, "Mirror",
                      OneLine(mirrored->message), /*urgent=*/false});
  }
}

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
  std::vector<EmitEvent> events;
  const bool was = before && IsChampion(*before);
  if (IsChampion(after) && !was) {
    events.push_back({EmitEvent::Type::kNormal, std::string(reason::kPromoted), "Promote",
                      fmt::format("champion of its model, since ModelDeployment {} is Ready with "
                                  "it in variant {}",
                                  after.promotion->model_deployment, after.promotion->variant)});
  }
  if (was && !IsChampion(after)) {
    events.push_back({EmitEvent::Type::kNormal, std::string(reason::kSuperseded), "Promote",
                      "no longer champion of its model, since another version was promoted"});
  }
  AddMirrorEvents(events, before, after);
  const api::Condition* stalled = FindCondition(after.conditions, kStalled);
  if (stalled == nullptr || (before && IsTrue(before->conditions, kStalled))) return events;
  events.push_back({EmitEvent::Type::kWarning, "Stalled", "Reconcile",
                    OneLine(stalled->reason + ": " + stalled->message)});
  return events;
}

}  // namespace slipway::model_version
