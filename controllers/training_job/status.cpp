#include "controllers/training_job/status.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "controllers/common/conditions.hpp"
#include "controllers/common/status.hpp"
#include "controllers/common/text.hpp"
#include "controllers/training_job/checkpoint.hpp"
#include "controllers/training_job/describe.hpp"
#include "controllers/training_job/elastic.hpp"
#include "controllers/training_job/gang_status.hpp"
#include "controllers/training_job/gate.hpp"
#include "controllers/training_job/members.hpp"
#include "controllers/training_job/progress.hpp"
#include "controllers/training_job/registration.hpp"
#include "controllers/training_job/stall.hpp"
#include "controllers/training_job/steps_status.hpp"

namespace slipway::training_job {
namespace {

using slipway::condition::kReady;
using slipway::condition::kReconciling;
using slipway::condition::kStalled;

/// maxItems of status.avoidedNodes.
constexpr std::size_t kMostAvoided = 16;

std::int32_t CountPods(const Observed& observed, bool (*counted)(const NodePod&)) {
  return static_cast<std::int32_t>(
      std::ranges::count_if(observed.Pods(), [&](const NodePod* pod) { return counted(*pod); }));
}

/// What the runtime says is looked up once for each start of the group.
bool BeginsAnew(Step step) {
  return step == Step::kPin || step == Step::kResume || step == Step::kReplace;
}

/// A node that is restarted by itself has failed, also where its pod still runs.
void CountOut(const Observed& observed, std::int32_t node, api::NodeCounts& nodes) {
  const auto& pod = observed.nodes[static_cast<std::size_t>(node)];
  if (!pod || !pod->Active()) return;
  --nodes.active;
  if (pod->view->ready) --nodes.ready;
  ++nodes.failed;
}

api::NodeCounts CountNodes(const Observed& observed, const Decision& decision) {
  const Step step = decision.step;
  api::NodeCounts nodes;
  if (step != Step::kSuspend) nodes.desired = observed.num_nodes;
  if (IsBetweenAttempts(step)) return nodes;
  nodes.active = CountPods(observed, [](const NodePod& pod) { return pod.Active(); });
  nodes.ready =
      CountPods(observed, [](const NodePod& pod) { return pod.Active() && pod.view->ready; });
  nodes.succeeded = observed.CountSucceeded();
  nodes.failed =
      CountPods(observed, [](const NodePod& pod) { return pod.Failed() && !pod.Ending(); });
  // That an elastic group has fewer nodes than it shall have is no failure.
  const auto lost = static_cast<std::int32_t>(observed.Lost().size());
  if (observed.was_whole) nodes.failed += observed.elastic ? lost : observed.CountMissing();
  if (step == Step::kRestartMember) CountOut(observed, decision.verdict->failure.node, nodes);
  return nodes;
}

std::optional<std::string> NameSucceeded(const Observed& observed, Step step) {
  if (IsBetweenAttempts(step) || observed.CountSucceeded() == 0) return std::nullopt;
  return FormatNodes(observed.succeeded);
}

Instant LastFinish(const Observed& observed, Instant now) {
  std::optional<Instant> last;
  std::vector<const NodePod*> pods = observed.Pods();
  if (observed.steps.evaluation && observed.steps.evaluation->pod) {
    pods.push_back(&*observed.steps.evaluation->pod);
  }
  for (const NodePod* pod : pods) {
    for (const auto& container : pod->view->containers) {
      last = std::max(last, container.finished);  // nullopt is the least.
    }
  }
  return StatusTime(last.value_or(now));
}

/// Of a finished job only the pods that are left can change. What its conditions say holds for
/// every later spec too; without its generation `kubectl wait` would wait for ever.
void SetFinished(api::TrainingJobStatus& status, const Observed& observed) {
  for (auto& condition : status.conditions) {
    condition.observed_generation = status.observed_generation;
  }
  if (!status.nodes) return;
  const auto active = CountPods(observed, [](const NodePod& pod) { return pod.Active(); });
  status.nodes->active = active;
  status.nodes->ready = std::min(status.nodes->ready, active);
}

void SetAvoided(std::vector<std::string>& avoided, const std::string& machine) {
  if (std::ranges::find(avoided, machine) != avoided.end()) return;
  if (avoided.size() == kMostAvoided) avoided.erase(avoided.begin());
  avoided.push_back(machine);
}

void SetRestarts(api::TrainingJobStatus& status, const Observed& observed,
                 const Decision& decision) {
  std::int32_t all = observed.Restarts();
  std::int32_t counted = observed.counted;
  if (decision.step == Step::kRestart) {
    ++all;
    if (decision.verdict->Counts()) ++counted;
  }
  if (decision.verdict && decision.step != Step::kFail) {
    for (const auto& machine : decision.verdict->avoid) SetAvoided(status.avoided_nodes, machine);
  }
  if (decision.step == Step::kResume) status.resumes = observed.record.resumes + 1;
  status.restarts = all;
  status.restarts_count_towards_max.reset();
  if (counted != all) status.restarts_count_towards_max = counted;
}

void SetTimes(api::TrainingJobStatus& status, const Observed& observed, const Decision& decision,
              Instant now) {
  const bool goes =
      decision.step == Step::kRun || decision.step == Step::kPin || decision.step == Step::kRunStep;
  const bool begins = goes && !status.start_time;
  const bool resumes = decision.step == Step::kResume || decision.step == Step::kReplace;
  if (begins || resumes) status.start_time = StatusTime(now);
  if (decision.step == Step::kComplete) status.completion_time = LastFinish(observed, now);
  if (decision.step == Step::kFail) status.completion_time = StatusTime(now);
}

/// Judged once, in the write that says that the job is Complete: its pods may go after it, and the
/// versions that it is compared with may change.
void SetEvaluated(api::TrainingJobStatus& status, const GateVerdict& verdict,
                  ConditionWriter& conditions) {
  status.evaluation = verdict.result;
  conditions.Set(condition::kEvaluated, verdict.result.passed, verdict.reason,
                 verdict.result.message);
}

/// Whatever is decided, the nodes that run go on.
bool GoesOn(const Observed& observed, Step step) {
  if (step == Step::kRun) return true;
  const bool scales = step == Step::kShrink || step == Step::kResize || step == Step::kConfirmLoss;
  return observed.elastic && scales && RunsEnough(observed);
}

void SetConditions(ConditionWriter& conditions, const Observed& observed, const Decision& decision,
                   const Account& account, bool stalled) {
  const bool complete = decision.step == Step::kComplete;
  const bool failed = decision.step == Step::kFail;
  const bool over = complete || failed;
  const bool running =
      account.phase == api::TrainingJobPhase::kRunning && GoesOn(observed, decision.step);
  const std::string_view phase = ToString(account.phase);
  conditions.Set(kReady, complete, account.reason, account.message);
  conditions.SetWhile(!over && !stalled, kReconciling, account.reason, account.message);
  conditions.SetWhile(failed || stalled, kStalled, account.reason, account.message);
  conditions.SetWhile(complete, condition::kComplete, phase, account.message);
  conditions.SetWhile(failed, condition::kFailed, account.reason, account.message);
  conditions.SetWhile(decision.step == Step::kConfirmLoss, condition::kNodeMissing,
                      reason::kPodLost, account.message);
  conditions.Set(condition::kRunning, running, account.reason,
                 !running           ? ""
                 : observed.elastic ? "the containers of enough nodes run or have succeeded"
                                    : "the containers of all nodes run or have succeeded");
  if (decision.step == Step::kSuspend) {
    conditions.Set(condition::kSuspended, true, phase, "no pod of the job may run");
  } else if (observed.record.suspended && decision.step != Step::kStall) {
    conditions.Set(condition::kSuspended, false, reason::kResumed, "");
  }
}

bool HasCondition(const std::optional<api::TrainingJobStatus>& status, std::string_view type) {
  return status && IsTrue(status->conditions, type);
}

/// What stands in the way of the version that a job owes, when that is new. What the gate says and
/// what was never wanted is told elsewhere.
std::optional<EmitEvent> NotRegisteredEvent(const std::optional<api::TrainingJobStatus>& before,
                                            const api::TrainingJobStatus& after) {
  constexpr std::array kTold{reason::kRegistering, reason::kNotWanted, reason::kGateNotPassed};
  const api::Condition* now = FindCondition(after.conditions, condition::kRegistered);
  if (now == nullptr || now->status == ConditionStatus::kTrue) return {};
  if (std::ranges::find(kTold, now->reason) != kTold.end()) return {};
  const api::Condition* earlier =
      before ? FindCondition(before->conditions, condition::kRegistered) : nullptr;
  if (earlier != nullptr && earlier->reason == now->reason) return {};
  return EmitEvent{EmitEvent::Type::kWarning, "NotRegistered", "Register",
                   OneLine(now->reason + ": " + now->message), false};
}

}  // namespace

api::TrainingJobStatus MakeStatus(const Resolved& resolved, const Observed& observed,
                                  const Decision& decision,
                                  const std::vector<WriteFailure>& failures, Instant now) {
  const api::TrainingJob& job = resolved.job;
  api::TrainingJobStatus status = job.status.value_or(api::TrainingJobStatus{});
  status.observed_generation = job.meta.generation;
  ConditionWriter conditions(status.conditions, job.meta.generation, now);
  if (decision.step == Step::kFinished) {
    SetFinished(status, observed);
    SetRegistered(status, job, observed, failures, conditions);
    SetSteps(status, job, observed, decision, now);
    return status;
  }
  std::optional<GateVerdict> verdict;
  if (decision.step == Step::kComplete && job.spec.evaluation) verdict = JudgeModel(job, observed);
  Account account = Describe(job, observed, decision, now);
  if (auto waits = DescribeGang(job, observed, decision.step)) account = std::move(*waits);
  bool stalled = decision.step == Step::kStall;
  if (auto problem = ExplainFailures(failures, reason::kInvalidPodTemplate)) {
    account.reason = std::move(problem->reason);
    account.message = std::move(problem->message);
    stalled = problem->stalled;
  }
  if (verdict && !verdict->result.passed) {
    account.message += "; its gate did not pass: " + verdict->result.message;
  }
  account.message = OneLine(account.message);
  status.phase = account.phase;
  status.message = account.message;
  SetRestarts(status, observed, decision);
  SetMembers(status, observed, decision);
  if (decision.verdict) status.last_failure = decision.verdict->failure;
  status.nodes = CountNodes(observed, decision);
  status.succeeded_nodes = NameSucceeded(observed, decision.step);
  status.elastic = NextElastic(job, observed, decision, now);
  if (BeginsAnew(decision.step)) status.runtime = resolved.runtime;
  const bool unmade = IsBetweenAttempts(decision.step) && !observed.steps.trained;
  status.result = unmade ? std::nullopt : observed.result;
  SetTimes(status, observed, decision, now);
  SetConditions(conditions, observed, decision, account, stalled);
  SetGang(status, job, observed, decision, account, conditions, now);
  SetReportCondition(status, conditions);
  const bool runs = GoesOn(observed, decision.step);
  SetCheckpointFresh(runs ? JudgeCheckpoint(job, observed, now) : std::nullopt, conditions);
  SetNoProgress(runs ? FindSilence(job, observed, now) : std::nullopt, conditions);
  if (verdict) SetEvaluated(status, *verdict, conditions);
  SetRegistered(status, job, observed, {}, conditions);
  SetSteps(status, job, observed, decision, now);
  return status;
}

std::vector<EmitEvent> MakeEvents(const std::optional<api::TrainingJobStatus>& before,
                                  const api::TrainingJobStatus& after) {
  using Type = EmitEvent::Type;
  const auto became = [&](std::string_view type) {
    return IsTrue(after.conditions, type) && !HasCondition(before, type);
  };
  const std::string note = after.message.value_or("");
  const bool had_started = before && before->start_time;
  std::vector<EmitEvent> events;
  const bool more_restarts = before && after.restarts.value_or(0) > before->restarts.value_or(0);
  // A higher number alone may also have been read off the pods, after the status was lost.
  if (more_restarts && after.phase == api::TrainingJobPhase::kRestarting) {
    events.push_back({Type::kWarning, "Restarting", "RestartGroup", note});
  } else if (before && after.phase == api::TrainingJobPhase::kRestarting &&
             after.member_restarts.value_or(0) > before->member_restarts.value_or(0)) {
    events.push_back({Type::kWarning, "Restarting", "RestartMember", note});
  }
  for (auto& event : ElasticEvents(before, after)) events.push_back(std::move(event));
  AddStepEvents(before, after, events);
  if (became(condition::kComplete)) events.push_back({Type::kNormal, "Complete", "Finish", note});
  if (became(condition::kFailed)) {
    events.push_back({Type::kWarning, "Failed", "Finish", note});
  } else if (became(kStalled)) {
    const std::string& why = FindCondition(after.conditions, kStalled)->reason;
    events.push_back({Type::kWarning, "Stalled", "Reconcile", OneLine(why + ": " + note)});
  }
  for (auto& event : GangEvents(before, after)) events.push_back(std::move(event));
  const api::Condition* evaluated = FindCondition(after.conditions, condition::kEvaluated);
  if (evaluated != nullptr && became(condition::kComplete) &&
      evaluated->status == ConditionStatus::kFalse) {
    events.push_back({Type::kWarning, std::string(reason::kGateNotPassed), "Evaluate",
                      OneLine(evaluated->reason + ": " + evaluated->message)});
  }
  if (became(condition::kRegistered)) {
    events.push_back({Type::kNormal, "Registered", "Register",
                      FindCondition(after.conditions, condition::kRegistered)->message});
  }
  if (auto problem = NotRegisteredEvent(before, after)) events.push_back(std::move(*problem));
  if (became(condition::kSuspended) && had_started) {
    events.push_back({Type::kNormal, "Suspended", "DeletePods", "the pods of the job are deleted"});
  }
  const bool was_suspended = HasCondition(before, condition::kSuspended);
  if (was_suspended && had_started && !IsTrue(after.conditions, condition::kSuspended)) {
    events.push_back({Type::kNormal, "Resumed", "StartGroup", "the job starts again"});
  }
  if (had_started && !was_suspended && after.start_time != before->start_time) {
    const bool prepares = after.phase == api::TrainingJobPhase::kPreparing;
    events.push_back({Type::kNormal, "Replaced", "StartGroup",
                      fmt::format("{} was changed; the pods of the former one are replaced",
                                  prepares ? "spec.prepare" : "spec.trainer")});
  }
  for (const auto& trouble : {condition::kReportUnreadable, condition::kNoProgress}) {
    if (!became(trouble)) continue;
    events.push_back({Type::kWarning, std::string(trouble), "ReadReports",
                      FindCondition(after.conditions, trouble)->message});
  }
  const std::vector<api::Condition> none;
  if (auto barred = BarredEvent(before ? before->conditions : none, after.conditions)) {
    events.push_back(std::move(*barred));
  }
  return events;
}

}  // namespace slipway::training_job
