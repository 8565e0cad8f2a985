#include "controllers/model_version/mirror.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "controllers/common/failures.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/pod_state.hpp"
#include "controllers/common/status.hpp"
#include "controllers/model_version/mirror_pod.hpp"
#include "controllers/model_version/mirror_report.hpp"
#include "operator/base/clock.hpp"
#include "operator/base/hash.hpp"

namespace slipway::model_version {
namespace {

using std::chrono::seconds;

constexpr seconds kFirstRetry{60};
constexpr seconds kLongestRetry{std::chrono::hours(6)};

seconds Backoff(std::int32_t failures) {
  seconds delay = kFirstRetry;
  for (std::int32_t i = 1; i < failures && delay < kLongestRetry; ++i) delay *= 2;
  return std::min(delay, kLongestRetry);
}

/// An alias that went to another version and came back has to be told again, so it is about the
/// promotion, too.
std::string AttemptOf(const api::ModelVersionStatus& status, const Settings& settings) {
  const std::string promoted = status.promotion ? FormatTime(status.promotion->time) : "";
  return ShortHash({settings.mlflow_tracking_uri, settings.mlflow_secret,
                    fmt::format("{}", fmt::join(status.aliases, ",")), promoted});
}

std::vector<MirrorPod> OwnPods(const ObjectKey& key, const api::ModelVersion& version,
                               const Snapshot& world) {
  std::vector<MirrorPod> pods;
  for (const auto& pod : world.All(kPods)) {
    const auto attempt = pod.meta.labels.find(kAttempt);
    const auto failures = NumberLabel<std::int32_t>(pod.meta, kFailures);
    if (attempt == pod.meta.labels.end() || !failures) continue;
    if (!IsChildOf(pod.key, pod.meta, key, version.meta)) continue;
    if (pod.key != MirrorPodKey(key, version, attempt->second, *failures)) continue;
    pods.push_back({{&pod.key, &pod.meta, &pod.body}, attempt->second, *failures});
  }
  return pods;
}

/// Why the attempt of that pod came to nothing, in a word for conditions and in a sentence.
Problem Explain(const Error& error, const MirrorPod& pod) {
  switch (error.code) {
    case Code::kUnauthorized:
      return {std::string(reason::kUnauthorized),
              fmt::format("MLflow does not let the operator in: {}; correct the Secret, or what "
                          "MLflow allows",
                          error.message)};
    case Code::kInvalid:
      return {std::string(reason::kRefused), "MLflow refuses the record: " + error.message};
    case Code::kThrottled:
    case Code::kUnavailable:
    case Code::kTimeout:
      return {std::string(reason::kUnreachable),
              "MLflow does not answer as it should: " + error.message};
    default:
      return {
          std::string(reason::kUnexpectedAnswer),
          fmt::format("{} (`kubectl logs {}` while it is there)", error.message, pod.key->name)};
  }
}

/// The result of a pod that has ended.
tl::expected<MirrorReport, Problem> ReadResult(const MirrorPod& pod) {
  const auto& containers = pod.view->containers;
  const std::string said = containers.empty() ? "" : containers.front().termination_message;
  auto report = ReadMirrorReport(said);
  const bool succeeded = pod.view->phase == PodView::Phase::kSucceeded;
  if (report && succeeded) return std::move(*report);
  if (!report && said.starts_with("{\"error\"")) {
    return tl::unexpected(Explain(report.error(), pod));
  }
  const PodEnd end = DescribeEnd(*pod.view);
  return tl::unexpected(Problem{
      std::string(reason::kMirrorPodFailed),
      fmt::format("pod {} ended with {}{}{}", pod.key->name, succeeded ? "no report" : end.reason,
                  end.message.empty() ? "" : ": ", end.message)});
}

std::string Describe(const api::MirrorStatus& mirror) {
  return fmt::format("MLflow has it as version {} of registered model {}",
                     mirror.version.value_or(""), mirror.registered_model.value_or(""));
}

api::MirrorStatus Succeeded(const MirrorReport& report, const Mirroring& mirroring,
                            const Settings& settings, Instant time) {
  api::MirrorStatus mirror;
  mirror.tracking_uri = settings.mlflow_tracking_uri;
  if (!report.url.empty()) mirror.url = report.url;
  mirror.registered_model = report.place.model;
  mirror.version = report.place.version;
  mirror.run_id = report.place.run_id;
  mirror.time = time;
  mirror.attempt = mirroring.attempt;
  return mirror;
}

void Record(api::ModelVersionStatus& status, ConditionWriter& conditions,
            const Mirroring& mirroring, const Settings& settings, Instant now) {
  const MirrorPod& pod = *mirroring.current;
  const Instant time = StatusTime(DescribeEnd(*pod.view).time.value_or(now));
  auto result = ReadResult(pod);
  if (result) {
    status.mirror = Succeeded(*result, mirroring, settings, time);
    return conditions.Set(condition::kMirrored, true, reason::kMirrored, Describe(*status.mirror));
  }
  if (!status.mirror) status.mirror = api::MirrorStatus{};
  status.mirror->attempt = mirroring.attempt;
  status.mirror->failures = mirroring.failures + 1;
  status.mirror->retry_time = time + Backoff(status.mirror->failures);
  conditions.Set(condition::kMirrored, false, result.error().reason,
                 fmt::format("{}; tried again after a while, as status.mirror.retryTime says",
                             result.error().message));
}

std::optional<Problem> WhyNot(const Mirroring& mirroring, const std::vector<WriteFailure>& failures,
                              const Settings& settings) {
  if (settings.worker_image.empty()) {
    return Problem{std::string(reason::kWorkerImageMissing),
                   "the copy is made by the operator's own image, and it does not know which that "
                   "is; have the platform team set workerImage in the operator's configuration"};
  }
  if (auto problem = ExplainFailures(failures, reason::kInvalidMirrorPod)) return problem;
  if (!mirroring.current) return std::nullopt;
  auto problem = WhyNotStarting(*mirroring.current->view);
  if (problem) {
    problem->message =
        fmt::format("pod {} does not start: {}", mirroring.current->key->name, problem->message);
  }
  return problem;
}

}  // namespace

Mirroring ObserveMirroring(const ObjectKey& key, const api::ModelVersion& version,
                           const api::ModelVersionStatus& status, const Snapshot& world,
                           const Settings& settings, Instant now) {
  const api::MirrorStatus recorded = status.mirror.value_or(api::MirrorStatus{});
  Mirroring mirroring;
  mirroring.wanted = !settings.mlflow_tracking_uri.empty();
  mirroring.attempt = AttemptOf(status, settings);
  const bool done = recorded.attempt == mirroring.attempt && recorded.failures == 0;
  const bool there = recorded.time && recorded.tracking_uri == settings.mlflow_tracking_uri;
  // An alias is never taken away in MLflow: setting it for another version moves it.
  mirroring.needed = mirroring.wanted && !(there && (done || status.aliases.empty()));
  if (recorded.attempt == mirroring.attempt) {
    mirroring.failures = recorded.failures;
    mirroring.retry_time = recorded.retry_time;
  }
  // Of a clock that was set back since.
  if (mirroring.retry_time && *mirroring.retry_time > now + kLongestRetry) {
    mirroring.retry_time.reset();
  }
  for (const MirrorPod& pod : OwnPods(key, version, world)) {
    const bool useful =
        mirroring.needed && pod.attempt == mirroring.attempt && pod.failures == mirroring.failures;
    if (useful) {
      mirroring.current = pod;
    } else {
      mirroring.done.push_back(pod);
    }
  }
  return mirroring;
}

void PlanMirroring(Plan& plan, const ObjectKey& key, const api::ModelVersion& version,
                   const api::ModelVersionStatus& status, const Mirroring& mirroring,
                   const Settings& settings, Instant now) {
  for (const MirrorPod& pod : mirroring.done) {
    if (pod.Ending()) continue;
    plan.actions.emplace_back(Delete{
        kPods.type, *pod.key, pod.meta->uid,
        pod.Ended() ? "its result is recorded" : "what it mirrors has changed", std::nullopt});
  }
  if (!mirroring.needed || mirroring.current || settings.worker_image.empty()) return;
  if (mirroring.retry_time && *mirroring.retry_time > now) {
    plan.wake_at = mirroring.retry_time;
    return;
  }
  // One at a time: two that do not know of each other may make a run each.
  const bool busy =
      std::ranges::any_of(mirroring.done, [](const MirrorPod& pod) { return !pod.Ended(); });
  if (busy) return;
  plan.actions.emplace_back(MakeMirrorPod(key, version, status.aliases, mirroring, settings));
}

void SetMirrored(api::ModelVersionStatus& status, const api::ModelVersion& version,
                 const Mirroring& mirroring, const std::vector<WriteFailure>& failures,
                 const Settings& settings, Instant now) {
  ConditionWriter conditions(status.conditions, version.meta.generation, now);
  if (!mirroring.wanted) return conditions.Remove(condition::kMirrored);
  if (!mirroring.needed) {
    return conditions.Set(condition::kMirrored, true, reason::kMirrored, Describe(*status.mirror));
  }
  if (mirroring.current && mirroring.current->Ended()) {
    return Record(status, conditions, mirroring, settings, now);
  }
  if (const auto problem = WhyNot(mirroring, failures, settings)) {
    return conditions.Set(condition::kMirrored, false, problem->reason, problem->message);
  }
  // What the last attempt has met stays until the next one says more.
  const bool failed_before =
      mirroring.failures > 0 && FindCondition(status.conditions, condition::kMirrored) != nullptr;
  if (failed_before) return;
  conditions.Set(condition::kMirrored, false, reason::kMirroring,
                 fmt::format("being copied to MLflow at {}", settings.mlflow_tracking_uri));
}

}  // namespace slipway::model_version
