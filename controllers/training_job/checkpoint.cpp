#include "controllers/training_job/checkpoint.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/status.hpp"
#include "controllers/training_job/elastic.hpp"
#include "operator/kube/labels.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr std::string_view kVolume = "slipway-checkpoint";
/// What Kubernetes grants a pod that asks for nothing.
constexpr std::int64_t kDefaultGrace = 30;
/// One checkpoint may be late or fail to be reported before anybody is told.
constexpr int kIntervals = 2;

bool AllRun(const Observed& observed) {
  if (observed.elastic) return RunsEnough(observed);
  const auto pods = observed.Pods();
  return observed.CountMissing() == 0 && std::ranges::all_of(pods, [](const NodePod* pod) {
           return pod->Succeeded() || pod->Running();
         });
}

Freshness Judge(const api::TrainingJob& job, Instant runs_since, Instant now) {
  const seconds interval(job.spec.checkpoint->interval_seconds);
  const auto& recorded = job.status ? job.status->checkpoint : std::nullopt;
  // One that the group has begun with says nothing of the work that it has done since.
  const bool saved = recorded && recorded->time && *recorded->time > runs_since;
  const Instant from = saved ? *recorded->time : runs_since;
  Freshness result;
  result.until = from + kIntervals * interval;
  result.fresh = now < *result.until;
  const std::string due = fmt::format("one is due every {} s", interval.count());
  const std::string step =
      saved && recorded->step ? fmt::format(" of step {}", *recorded->step) : "";
  if (saved && result.fresh) {
    result.reason = reason::kCheckpointSaved;
    result.message =
        fmt::format("the newest checkpoint{} is of {}; {}", step, FormatTime(from), due);
  } else if (result.fresh) {
    result.reason = reason::kCheckpointNotDue;
    result.message = fmt::format("the nodes run since {}; the first checkpoint is due {} s later",
                                 FormatTime(from), interval.count());
  } else {
    result.reason = saved ? reason::kCheckpointTooOld : reason::kCheckpointMissing;
    result.message = fmt::format(
        "{} {}, but {}; a failure loses all work since then: look whether the program saves, and "
        "reports what it has saved",
        saved ? fmt::format("the newest checkpoint{} is of", step)
              : "no checkpoint was reported since the nodes run, which is",
        FormatTime(from), due);
  }
  return result;
}

}  // namespace

void AddCheckpoint(const api::TrainingJob& job, PodPlan& plan) {
  if (!job.spec.checkpoint) return;
  const api::CheckpointPolicy& policy = *job.spec.checkpoint;
  plan.volumes.push_back(
      {{"name", kVolume},
       {"persistentVolumeClaim", {{"claimName", policy.persistent_volume_claim.claim_name}}}});
  plan.mounts.push_back({{"name", kVolume},
                         {"mountPath", policy.mount_path},
                         {"subPath", policy.sub_path.value_or(job.meta.name)}});
  plan.operator_env.push_back({"SLIPWAY_CHECKPOINT_DIR", policy.mount_path});
  plan.operator_env.push_back(
      {"SLIPWAY_CHECKPOINT_INTERVAL_SECONDS", std::to_string(policy.interval_seconds)});
  plan.operator_env.push_back({"SLIPWAY_CHECKPOINT_KEEP_LAST", std::to_string(policy.keep_last)});
  plan.operator_env.push_back({"SLIPWAY_RESUME", std::string(ToString(policy.resume))});
}

void GrantGrace(const api::TrainingJob& job, json& pod_spec) {
  if (!job.spec.checkpoint) return;
  json& grace = pod_spec["terminationGracePeriodSeconds"];
  const std::int64_t own = grace.is_number() ? grace.get<std::int64_t>() : kDefaultGrace;
  grace = std::max<std::int64_t>(own, job.spec.checkpoint->on_termination.grace_period_seconds);
}

std::optional<Instant> ReportsSince(const Observed& observed, Instant now) {
  if (observed.nodes.empty() || !observed.nodes.front() || !AllRun(observed)) return std::nullopt;
  const NodePod& first = *observed.nodes.front();
  if (first.Succeeded() || !first.meta->annotations.contains(labels::kReports)) return std::nullopt;
  const Instant since = std::max(observed.record.running_since.value_or(StatusTime(now)),
                                 first.view->started.value_or(Instant{}));
  return IsAhead(since, now) ? StatusTime(now) : since;
}

std::optional<Freshness> JudgeCheckpoint(const api::TrainingJob& job, const Observed& observed,
                                         Instant now) {
  if (!job.spec.checkpoint || observed.nodes.empty() || !AllRun(observed)) return std::nullopt;
  if (const auto since = ReportsSince(observed, now)) return Judge(job, *since, now);
  const auto& first = observed.nodes.front();
  if (!first || first->Succeeded()) return std::nullopt;
  return Freshness{
      false, reason::kReportsNotTaken,
      "node 0 was given no address for reports when it started, so nothing is known of "
      "its checkpoints; have reports.enabled set in the operator's chart, and suspend "
      "and resume the job",
      std::nullopt};
}

void SetCheckpointFresh(const std::optional<Freshness>& freshness, ConditionWriter& conditions) {
  if (!freshness) return conditions.Remove(condition::kCheckpointFresh);
  conditions.Set(condition::kCheckpointFresh, freshness->fresh, freshness->reason,
                 freshness->message);
}

}  // namespace slipway::training_job
