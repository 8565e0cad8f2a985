#pragma once

#include <chrono>
#include <string_view>

#include "controllers/common/trigger_labels.hpp"
#include "crds/generated/codec.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/resource.hpp"

/// What names a TrainingTrigger and its state to users. Every reason that a condition or an Event
/// can show is here, so that docs and alerts have one list to agree with.
namespace slipway::training_trigger {

inline constexpr Resource<api::TrainingTrigger> kTrainingTriggers{api::kTrainingTriggerType,
                                                                  api::DecodeTrainingTrigger};

/// Value of label app.kubernetes.io/name of all children.
inline constexpr std::string_view kApplication = "training-trigger";
/// Value of label slipway.dev/role of a job.
inline constexpr std::string_view kJobRole = "job";
/// The same of a pod that looks at a source.
inline constexpr std::string_view kWatchCommitRole = "watch-commit";
inline constexpr std::string_view kWatchDataRole = "watch-data";
/// Name of the container in such a pod, for `kubectl logs -c`.
inline constexpr std::string_view kPollContainer = "watch";

/// Annotation of a job, beside those of trigger_labels.hpp: for which time it was started.
inline constexpr std::string_view kScheduledAt = "slipway.dev/scheduled-at";
/// Of a job that was started for something else than a time: what tells that from others of its
/// cause, when it came up, and what its sender says of it.
inline constexpr std::string_view kSignalId = "slipway.dev/trigger-id";
inline constexpr std::string_view kSignalTime = "slipway.dev/triggered-at";
inline constexpr std::string_view kSignalNote = "slipway.dev/trigger-note";

/// So long a job that was started, but is not in view, may still come into view. A watch that has
/// fallen silent is found out in less.
inline constexpr std::chrono::seconds kUnseenFor{90};
/// A poll pod that has not started for so long is worth a word to the user.
inline constexpr std::chrono::seconds kPollStartsWithin{60};
/// One that has not ended for so long, although its own deadline is half of that, never will: its
/// machine is lost, or none takes it.
inline constexpr std::chrono::seconds kPollEndsWithin{600};
/// Times that were missed are counted up to here, maximum of status.lastMissed.count.
inline constexpr int kMostMissed = 100;
/// maxItems of status.active.
inline constexpr std::size_t kMostActive = 100;
/// maxItems of status.webhook.started.
inline constexpr std::size_t kMostRequests = 50;

/// Condition types beside the three of kstatus.
namespace condition {
/// Present only while the newest time that was due has passed without a job.
inline constexpr std::string_view kRunMissed = "RunMissed";
/// Whether the last look at spec.onData or spec.onCommit went well; absent before the first.
inline constexpr std::string_view kDataReachable = "DataReachable";
inline constexpr std::string_view kCommitReachable = "CommitReachable";
}  // namespace condition

namespace reason {
inline constexpr std::string_view kScheduled = "Scheduled";
inline constexpr std::string_view kSuspended = "Suspended";
inline constexpr std::string_view kJobAlreadyActive = "JobAlreadyActive";
inline constexpr std::string_view kReplacing = "Replacing";
inline constexpr std::string_view kClockBehind = "ClockBehind";
inline constexpr std::string_view kInvalidSchedule = "InvalidSchedule";
inline constexpr std::string_view kUnknownTimeZone = "UnknownTimeZone";
inline constexpr std::string_view kInvalidJobTemplate = "InvalidJobTemplate";
/// Of a trigger without a schedule: it waits for data, a commit, a drift or a request.
inline constexpr std::string_view kWaiting = "Waiting";
inline constexpr std::string_view kCoolingDown = "CoolingDown";
inline constexpr std::string_view kMonitorNotFound = "MonitorNotFound";
inline constexpr std::string_view kRequestsNotTaken = "RequestsNotTaken";
inline constexpr std::string_view kPolled = "Polled";
inline constexpr std::string_view kPollFailed = "PollFailed";
inline constexpr std::string_view kPollNotStarted = "PollNotStarted";
inline constexpr std::string_view kInvalidPollPod = "InvalidPollPod";
inline constexpr std::string_view kWorkerImageMissing = "WorkerImageMissing";
/// Reasons of a missed run, beside that by which the trigger could not start it.
inline constexpr std::string_view kDeadlineExceeded = "DeadlineExceeded";
inline constexpr std::string_view kSuperseded = "Superseded";
}  // namespace reason

}  // namespace slipway::training_trigger
