#include "controllers/training_job/progress.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>

#include "controllers/common/text.hpp"
#include "controllers/training_job/report_reader.hpp"
#include "operator/kube/json_view.hpp"
#include "operator/kube/labels.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxMetrics = 32;
constexpr std::int64_t kMaxStep = std::int64_t{1} << 53;
constexpr double kLastSecond = 253402300799;  // Of the year 9999, where RFC 3339 ends.
constexpr std::string_view kTokenVolume = "slipway-report";
constexpr std::string_view kTokenFolder = "/var/run/secrets/slipway.dev/report";

class Reader : public ReportReader {
 public:
  void Read(const JsonView& report, Progress& progress) {
    if (!report.IsObject()) Refuse("it", report, "a JSON object");
    progress.percentage = Number(report, "progressPercentage", 100, "a number from 0 to 100");
    progress.remaining_seconds =
        Number(report, "estimatedRemainingSeconds", std::numeric_limits<std::int32_t>::max(),
               "a number of seconds from 0 to 2^31 - 1");
    progress.metrics = Metrics(report["metrics"], kMaxMetrics);
    if (const JsonView checkpoint = Object(report, "checkpoint"); checkpoint.Exists()) {
      progress.checkpoint = ReadCheckpoint(checkpoint);
    }
  }

 private:
  ReportedCheckpoint ReadCheckpoint(const JsonView& given) {
    ReportedCheckpoint checkpoint;
    if (const JsonView step = given["step"]; step.Exists()) {
      checkpoint.step = step.Int();
      if (step.IntOr(-1) < 0 || step.IntOr(-1) > kMaxStep) {
        Refuse("checkpoint.step", step, "a whole number from 0 to 2^53");
      }
    }
    if (const JsonView time = given["time"]; time.Exists()) {
      const double since_1970 = time.Double().value_or(-1);
      if (since_1970 >= 0 && since_1970 <= kLastSecond) {
        checkpoint.time = Instant(std::chrono::seconds(static_cast<std::int64_t>(since_1970)));
      } else {
        Refuse("checkpoint.time", time,
               "in seconds since 1970, as Python's time.time() gives them");
      }
    }
    return checkpoint;
  }

  std::optional<std::int32_t> Number(const JsonView& report, std::string_view member, double most,
                                     std::string_view rule) {
    const JsonView value = report[member];
    if (!value.Exists()) return std::nullopt;
    const double number = value.Double().value_or(-1);
    if (number >= 0 && number <= most) return static_cast<std::int32_t>(number);
    Refuse(member, value, rule);
    return std::nullopt;
  }
};

Progress Unusable(Instant time, std::string_view complaint) {
  Progress progress{time, {}, {}, {}, {}, {}};
  progress.problem = OneLine(fmt::format(
      "the last report of the program of node 0 cannot be used: {}; correct what it sends",
      complaint));
  return progress;
}

/// What the status says of the newest checkpoint after a report.
api::CheckpointStatus NewCheckpoint(const api::TrainingJobStatus& status,
                                    const Progress& progress) {
  api::CheckpointStatus next = status.checkpoint.value_or(api::CheckpointStatus{});
  if (const auto& reported = progress.checkpoint) {
    const bool known = next.time && reported->step && next.step == reported->step;
    const Instant found = known ? *next.time : progress.time;
    next.step = reported->step;
    // The clock of its machine may be ahead.
    next.time = std::min(reported->time.value_or(found), progress.time);
  }
  // Work that was lost already, by a restart, is not lost again. A group that does not run whole
  // has only begun, or has been told to end and has saved.
  Instant from = progress.time;
  if (IsTrue(status.conditions, condition::kRunning)) {
    from = FindCondition(status.conditions, condition::kRunning)->last_transition_time;
  }
  from = std::max(from, next.time.value_or(from));
  const auto lost = std::chrono::floor<std::chrono::seconds>(progress.time - from).count();
  next.lost_seconds_if_killed_now = std::max<std::int64_t>(lost, 0);
  return next;
}

}  // namespace

Progress ReadProgress(std::string_view text, Instant time) {
  JsonParser parser;
  const auto report = parser.Parse(text);
  if (!report) return Unusable(time, report.error().message);
  Progress progress{time, {}, {}, {}, {}, {}};
  Reader reader;
  reader.Read(*report, progress);
  return reader.Complaint().empty() ? progress : Unusable(time, reader.Complaint());
}

void LetReport(Create& pod, const std::string& url) {
  if (url.empty()) return;
  json& spec = pod.body["spec"];
  spec["volumes"].push_back({{"name", kTokenVolume},
                             {"projected",
                              {{"sources", json::array({{{"serviceAccountToken",
                                                          {{"path", "token"},
                                                           {"audience", labels::kReports},
                                                           {"expirationSeconds", 3600}}}}})}}}});
  for (json& container : spec["containers"]) {
    if (container["name"] != kContainer) continue;
    container["volumeMounts"].push_back(
        {{"name", kTokenVolume}, {"mountPath", kTokenFolder}, {"readOnly", true}});
    // First, as all that the operator sets: the user's own variables may refer to it.
    const json ours =
        json::array({{{"name", "SLIPWAY_REPORT_URL"},
                      {"value", fmt::format("{}/v1/report/{}/{}", url, pod.key.ns, pod.key.name)}},
                     {{"name", "SLIPWAY_REPORT_TOKEN_FILE"},
                      {"value", fmt::format("{}/token", kTokenFolder)}}});
    json& env = container["env"];
    env.insert(env.begin(), ours.begin(), ours.end());
  }
  pod.body["metadata"]["annotations"][std::string(labels::kReports)] = "true";
}

api::TrainingJobStatus WithProgress(const api::TrainingJob& job, const Progress& progress) {
  api::TrainingJobStatus status = *job.status;
  api::TrainerStatus next = status.trainer_status.value_or(api::TrainerStatus{});
  next.last_updated_time = progress.time;
  next.problem.reset();
  if (progress.problem.empty()) {
    next.progress_percentage = progress.percentage;
    next.estimated_remaining_seconds = progress.remaining_seconds;
    next.metrics = progress.metrics;
    const bool saves = job.spec.checkpoint || status.checkpoint || progress.checkpoint;
    if (saves) status.checkpoint = NewCheckpoint(status, progress);
  } else {
    next.problem = progress.problem;
  }
  status.trainer_status = std::move(next);
  return status;
}

void SetReportCondition(const api::TrainingJobStatus& status, ConditionWriter& conditions) {
  const bool unreadable = status.trainer_status && status.trainer_status->problem;
  conditions.SetWhile(unreadable, condition::kReportUnreadable, reason::kInvalidReport,
                      unreadable ? *status.trainer_status->problem : "");
}

}  // namespace slipway::training_job
