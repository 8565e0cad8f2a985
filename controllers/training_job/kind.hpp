#pragma once

#include <string_view>

#include "crds/generated/codec.hpp"
#include "crds/generated/types.hpp"
#include "operator/kube/resource.hpp"

/// What names a TrainingJob and its state to users. Every reason that a condition or an Event can
/// show is here, so that docs and alerts have one list to agree with.
namespace slipway::training_job {

inline constexpr Resource<api::TrainingJob> kTrainingJobs{api::kTrainingJobType,
                                                          api::DecodeTrainingJob};

/// Value of label app.kubernetes.io/name, and the front of every text about the kind.
inline constexpr std::string_view kApplication = "training-job";
/// Value of spec.managedBy that stands for this operator.
inline constexpr std::string_view kManager = "slipway.dev/operator";
/// Value of label slipway.dev/role of a pod that trains.
inline constexpr std::string_view kNodeRole = "node";
/// Name of the container in every pod, for `kubectl logs -c`.
inline constexpr std::string_view kContainer = "trainer";
/// Label of a pod that trains: the hash of what it was made from.
inline constexpr std::string_view kTrainerHash = "slipway.dev/trainer-hash";

/// Value of label slipway.dev/role of the pod of a step.
inline constexpr std::string_view kStepRole = "step";
/// Name of the container in such a pod.
inline constexpr std::string_view kStepContainer = "step";
/// Labels of such a pod: the name of the step, and the hash of what it was made from.
inline constexpr std::string_view kStep = "slipway.dev/step";
inline constexpr std::string_view kStepHash = "slipway.dev/step-hash";

/// Condition types beside the three of kstatus.
namespace condition {
inline constexpr std::string_view kRunning = "Running";
inline constexpr std::string_view kSuspended = "Suspended";
inline constexpr std::string_view kComplete = "Complete";
inline constexpr std::string_view kFailed = "Failed";
/// Present only while a pod has vanished without a trace and its loss is being confirmed.
inline constexpr std::string_view kNodeMissing = "NodeMissing";
/// Of a Complete job with spec.evaluation: whether the gate passed.
inline constexpr std::string_view kEvaluated = "Evaluated";
/// Of a Complete job with spec.output: whether there is a ModelVersion.
inline constexpr std::string_view kRegistered = "Registered";
/// Of a job with spec.schedulingPolicy: whether its pods were given to the scheduler.
inline constexpr std::string_view kAdmitted = "Admitted";
/// Present only while what the program reports cannot be used.
inline constexpr std::string_view kReportUnreadable = "ReportUnreadable";
/// Of a job with spec.checkpoint whose nodes run: whether the newest checkpoint is recent.
inline constexpr std::string_view kCheckpointFresh = "CheckpointFresh";
/// Present only while a group that does not report is about to be restarted for it.
inline constexpr std::string_view kNoProgress = "NoProgress";
}  // namespace condition

namespace reason {
inline constexpr std::string_view kResumed = "Resumed";
inline constexpr std::string_view kPodLost = "PodLost";
inline constexpr std::string_view kPodDeleted = "PodDeleted";
inline constexpr std::string_view kMachineCondition = "MachineCondition";
inline constexpr std::string_view kBackoffLimitExceeded = "BackoffLimitExceeded";
inline constexpr std::string_view kFailurePolicy = "FailurePolicy";
inline constexpr std::string_view kDeadlineExceeded = "DeadlineExceeded";
inline constexpr std::string_view kInvalidPodTemplate = "InvalidPodTemplate";
inline constexpr std::string_view kUnresolvableProcesses = "UnresolvableProcesses";
inline constexpr std::string_view kUnsupportedValue = "UnsupportedValue";
inline constexpr std::string_view kUnsupportedAction = "UnsupportedAction";
inline constexpr std::string_view kNotElastic = "NotElastic";
inline constexpr std::string_view kRuntimeNotFound = "RuntimeNotFound";
inline constexpr std::string_view kRuntimeMismatch = "RuntimeMismatch";
inline constexpr std::string_view kNoImage = "NoImage";
inline constexpr std::string_view kStepFailed = "StepFailed";
// Of Admitted and status.pending.
inline constexpr std::string_view kGangsOff = "GangsOff";
inline constexpr std::string_view kAdmitting = "Admitting";
inline constexpr std::string_view kInsufficientResources = "InsufficientResources";
inline constexpr std::string_view kQueued = "Queued";
inline constexpr std::string_view kCanNeverFit = "CanNeverFit";
inline constexpr std::string_view kHeldByKueue = "HeldByKueue";
inline constexpr std::string_view kQueueOfKueue = "QueueOfKueue";
inline constexpr std::string_view kWaitingForPodGroup = "WaitingForPodGroup";
inline constexpr std::string_view kHeldByVolcano = "HeldByVolcano";
inline constexpr std::string_view kWaitingForScheduler = "WaitingForScheduler";
inline constexpr std::string_view kScheduleTimeout = "ScheduleTimeout";
// Of ReportUnreadable.
inline constexpr std::string_view kInvalidReport = "InvalidReport";
// Of CheckpointFresh.
inline constexpr std::string_view kCheckpointSaved = "CheckpointSaved";
inline constexpr std::string_view kCheckpointNotDue = "CheckpointNotDue";
inline constexpr std::string_view kCheckpointTooOld = "CheckpointTooOld";
inline constexpr std::string_view kCheckpointMissing = "CheckpointMissing";
inline constexpr std::string_view kReportsNotTaken = "ReportsNotTaken";
// Of a stall: of the failure, and of NoProgress.
inline constexpr std::string_view kNoProgress = "NoProgress";
inline constexpr std::string_view kNoReport = "NoReport";
// Of Evaluated.
inline constexpr std::string_view kGatePassed = "GatePassed";
inline constexpr std::string_view kResultMissing = "ResultMissing";
inline constexpr std::string_view kResultUnreadable = "ResultUnreadable";
inline constexpr std::string_view kMetricMissing = "MetricMissing";
inline constexpr std::string_view kThresholdMissed = "ThresholdMissed";
inline constexpr std::string_view kNothingToCompareWith = "NothingToCompareWith";
inline constexpr std::string_view kNotImproved = "NotImproved";
// Of Registered; also kResultUnreadable.
inline constexpr std::string_view kRegistered = "Registered";
inline constexpr std::string_view kRegistering = "Registering";
inline constexpr std::string_view kGateNotPassed = "GateNotPassed";
inline constexpr std::string_view kNotWanted = "NotWanted";
inline constexpr std::string_view kInvalidModelVersion = "InvalidModelVersion";
}  // namespace reason

}  // namespace slipway::training_job
