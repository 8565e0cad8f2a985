#include "controllers/training_job/stall.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/status.hpp"
#include "controllers/training_job/checkpoint.hpp"

namespace slipway::training_job {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string LastSign(const Silence& silence) {
  return silence.any ? fmt::format("the last report came at {}", FormatTime(silence.since))
                     : fmt::format(
                           "none came since all nodes run, which is {}; if the program "
                           "reports, look whether a NetworkPolicy keeps it from "
                           "SLIPWAY_REPORT_URL",
                           FormatTime(silence.since));
}

}  // namespace

std::optional<Silence> FindSilence(const api::TrainingJob& job, const Observed& observed,
                                   Instant now) {
  const auto& timeout = job.spec.failure_policy.stall_timeout_seconds;
  const auto runs_since = ReportsSince(observed, now);
  if (!timeout || !runs_since) return std::nullopt;
  Silence silence;
  silence.since = *runs_since;
  if (job.status && job.status->trainer_status) {
    const Instant last = job.status->trainer_status->last_updated_time;
    silence.any = last >= *runs_since && !IsAhead(last, now);
    if (silence.any) silence.since = last;
  }
  const milliseconds all = seconds(*timeout);
  const Instant tell_at = silence.since + all * 3 / 4;
  silence.told = now >= tell_at;
  silence.restart_at = silence.since + all;
  const auto& recorded = observed.record.silent_since;
  const Instant told_at = recorded && !IsAhead(*recorded, now) ? *recorded : StatusTime(now);
  if (silence.told) silence.restart_at = std::max(silence.restart_at, told_at + all / 4);
  silence.wake_at = silence.told ? silence.restart_at : tell_at;
  return silence;
}

std::optional<Failure> DescribeStall(const api::TrainingJob& job, const Observed& observed,
                                     Instant now) {
  const auto silence = FindSilence(job, observed, now);
  if (!silence || now < silence->restart_at) return std::nullopt;
  const NodePod& first = *observed.nodes.front();
  api::NodeFailure what{StatusTime(now), 0, first.key->name, std::nullopt, {}, {}, {}};
  if (!first.view->node_name.empty()) what.node_name = first.view->node_name;
  what.reason = reason::kNoProgress;
  what.message =
      fmt::format("no report for {} s, which is spec.failurePolicy.stallTimeoutSeconds; {}",
                  *job.spec.failure_policy.stall_timeout_seconds, LastSign(*silence));
  return Failure{std::move(what), &first};
}

std::optional<Problem> WhyUnwatched(const api::TrainingJob& job, const Observed& observed) {
  if (!job.spec.failure_policy.stall_timeout_seconds || !observed.report_url.empty()) {
    return std::nullopt;
  }
  return Problem{std::string(reason::kReportsNotTaken),
                 "spec.failurePolicy.stallTimeoutSeconds needs reports of the program, and this "
                 "operator takes none; have reports.enabled set in its chart, or remove "
                 "stallTimeoutSeconds",
                 true};
}

void SetNoProgress(const std::optional<Silence>& silence, ConditionWriter& conditions) {
  const bool told = silence && silence->told;
  conditions.SetWhile(told, condition::kNoProgress, reason::kNoReport,
                      told ? fmt::format("{}; the group is restarted at {} unless one comes",
                                         LastSign(*silence), FormatTime(silence->restart_at))
                           : "");
}

}  // namespace slipway::training_job
