#include "controllers/drift_monitor/status.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/conditions.hpp"
#include "controllers/common/text.hpp"

namespace slipway::drift_monitor {
namespace {

using Phase = api::DriftMonitorPhase;
using slipway::condition::kReady;
using slipway::condition::kReconciling;
using slipway::condition::kStalled;

constexpr std::size_t kMaxHistory = 20;

/// The phase of an evaluation, `breaches` counting it.
Phase PhaseOf(const api::DriftMonitor& monitor, const Finding& finding, std::int32_t breaches) {
  if (!finding.summary) return Phase::kError;
  switch (finding.summary->verdict) {
    case Verdict::kHealthy: return Phase::kHealthy;
    case Verdict::kWarning: return Phase::kWarning;
    case Verdict::kInsufficientData: return Phase::kInsufficientData;
    case Verdict::kDrift:
      return breaches >= monitor.spec.decision.consecutive_breaches ? Phase::kDrifting
                                                                    : Phase::kWarning;
  }
  return Phase::kError;
}

std::int32_t CountBreaches(std::int32_t before, const Finding& finding) {
  if (!finding.summary || finding.summary->verdict == Verdict::kInsufficientData) return before;
  return finding.summary->verdict == Verdict::kDrift ? before + 1 : 0;
}

std::string DescribeVerdict(const api::DriftMonitor& monitor, const Summary& summary,
                            std::int32_t breaches) {
  const api::Evaluation& result = summary.evaluation;
  std::string text;
  if (summary.verdict == Verdict::kInsufficientData) {
    text = fmt::format("production has {} rows, spec.production.minSamples asks for {}",
                       result.samples, monitor.spec.production.min_samples);
  } else {
    text =
        fmt::format("{} of {} features drifted (share {}, drift from {})", result.drifted_features,
                    result.features, result.drift_share, monitor.spec.decision.drift_share);
  }
  const std::int32_t needed = monitor.spec.decision.consecutive_breaches;
  if (summary.verdict == Verdict::kDrift && needed > 1) {
    text += fmt::format(", {} in a row (drift from {})", breaches, needed);
  }
  if (!summary.notes.empty()) text += "; " + summary.notes;
  return OneLine(text);
}

/// "mean radius 3.41": the first of the worst, unless nothing was measured.
std::optional<std::string> WorstText(const api::Evaluation& evaluation) {
  if (evaluation.worst.empty()) return std::nullopt;
  const api::WorstFeature& worst = evaluation.worst.front();
  return fmt::format("{} {}", worst.feature, worst.value);
}

/// A run has one entry: one that is repeated after a change of the spec replaces it.
void AddHistory(std::vector<api::HistoryEntry>& history, api::HistoryEntry entry) {
  std::erase_if(history, [&](const api::HistoryEntry& old) { return old.run == entry.run; });
  history.insert(history.begin(), std::move(entry));
  if (history.size() > kMaxHistory) history.resize(kMaxHistory);
}

void SetVerdict(ConditionWriter& conditions, const api::DriftMonitor& monitor,
                const Summary& summary, std::int32_t breaches, const std::string& message) {
  const bool sufficient = summary.verdict != Verdict::kInsufficientData;
  conditions.Set(condition::kDataSufficient, sufficient,
                 sufficient ? reason::kEnoughRows : reason::kTooFewRows,
                 fmt::format("{} rows of production, {} of the reference",
                             summary.evaluation.samples, summary.evaluation.reference_samples));
  if (!sufficient) return;
  const bool reached = summary.verdict == Verdict::kDrift;
  const bool drift = reached && breaches >= monitor.spec.decision.consecutive_breaches;
  conditions.Set(condition::kDriftDetected, drift,
                 drift     ? reason::kDriftShareReached
                 : reached ? reason::kBreachesPending
                           : reason::kBelowDriftShare,
                 message);
}

void Record(api::DriftMonitorStatus& status, const api::DriftMonitor& monitor,
            const Finding& finding, Instant now) {
  const std::int32_t breaches = CountBreaches(status.breaches.value_or(0), finding);
  const Phase phase = PhaseOf(monitor, finding, breaches);
  const auto& summary = finding.summary;
  std::optional<std::string> share;
  if (summary && phase != Phase::kInsufficientData) share = summary->evaluation.drift_share;
  AddHistory(status.history, {finding.run, finding.time, phase, share});
  status.phase = phase;
  status.breaches = breaches;
  status.next_evaluation_time = TimeOf(monitor, finding.run + 1);
  ConditionWriter conditions(status.conditions, monitor.meta.generation, now);
  if (!summary) {
    conditions.Set(
        kReady, false, reason::kEvaluationFailed,
        "the evaluation failed and is tried again at the next interval: " + finding.failure);
    return;
  }
  const std::string message = DescribeVerdict(monitor, *summary, breaches);
  status.last_evaluation = summary->evaluation;
  status.last_evaluation->run = finding.run;
  status.last_evaluation->time = finding.time;
  status.worst = WorstText(*status.last_evaluation);
  conditions.Set(kReady, true, reason::kEvaluated, message);
  SetVerdict(conditions, monitor, *summary, breaches, message);
}

/// The condition Ready stands for the evaluated spec, not the present one: see Observed.
std::int64_t ReadyGeneration(const api::DriftMonitor& monitor, const Observed& observed) {
  return observed.last_run ? observed.evaluated_generation : monitor.meta.generation;
}

/// What a monitor waits for that is neither suspended nor stalled nor done with its spec.
Problem DescribeWaiting(const std::optional<Problem>& problem) {
  return problem.value_or(Problem{std::string(reason::kEvaluating), "evaluating the data", false});
}

void SetSuspended(api::DriftMonitorStatus& status, ConditionWriter& conditions) {
  status.phase = Phase::kSuspended;
  status.next_evaluation_time.reset();
  conditions.Set(kReady, true, reason::kSuspended,
                 "no evaluation is started; set spec.suspend to false to go on");
}

/// The verdict's own text, which Ready keeps while other things are reported.
std::string ReadyMessage(const api::DriftMonitorStatus& status) {
  const api::Condition* ready = FindCondition(status.conditions, kReady);
  return ready == nullptr ? std::string() : ready->message;
}

std::string ReadyReason(const api::DriftMonitorStatus& status) {
  const api::Condition* ready = FindCondition(status.conditions, kReady);
  return ready == nullptr ? std::string() : ready->reason;
}

void SetProgress(api::DriftMonitorStatus& status, const api::DriftMonitor& monitor,
                 const Observed& observed, const std::optional<Problem>& problem, bool pending,
                 Instant now) {
  ConditionWriter conditions(status.conditions, monitor.meta.generation, now);
  ConditionWriter ready(status.conditions, ReadyGeneration(monitor, observed), now);
  const bool stalled = problem && problem->stalled;
  const bool waiting = !stalled && (pending || problem);
  const Problem why = DescribeWaiting(problem);
  const bool unknown = status.history.empty();
  const std::string said = ReadyReason(status);
  const bool no_verdict = said != reason::kEvaluated && said != reason::kEvaluationFailed;
  if (stalled || (waiting && no_verdict)) ready.Set(kReady, false, why.reason, why.message);
  conditions.SetWhile(stalled, kStalled, why.reason, why.message);
  conditions.SetWhile(waiting, kReconciling, why.reason, why.message);
  status.phase = unknown ? Phase::kInitializing : status.history.front().phase;
  status.message = OneLine(stalled || waiting ? why.message : ReadyMessage(status));
}

}  // namespace

api::DriftMonitorStatus MakeStatus(const api::DriftMonitor& monitor, const Observed& observed,
                                   const std::optional<Finding>& finding,
                                   const std::optional<Problem>& problem, Instant now) {
  api::DriftMonitorStatus status = monitor.status.value_or(api::DriftMonitorStatus{});
  status.observed_generation = monitor.meta.generation;
  if (monitor.spec.suspend) {
    ConditionWriter conditions(status.conditions, monitor.meta.generation, now);
    SetSuspended(status, conditions);
    conditions.Remove(kReconciling);
    conditions.Remove(kStalled);
    status.message = ReadyMessage(status);
    return status;
  }
  if (finding) Record(status, monitor, *finding, now);
  const bool evaluated =
      observed.last_run && observed.evaluated_generation >= monitor.meta.generation;
  SetProgress(status, monitor, observed, problem, !finding && !evaluated, now);
  return status;
}

std::vector<EmitEvent> MakeEvents(const std::optional<api::DriftMonitorStatus>& before,
                                  const api::DriftMonitorStatus& after) {
  using Type = EmitEvent::Type;
  std::vector<EmitEvent> events;
  const auto emit = [&](Type type, const char* reason) {
    events.push_back({type, reason, "Evaluate", after.message.value_or("")});
  };
  const auto held = [&](std::string_view type) {
    return before && IsTrue(before->conditions, type);
  };
  const bool drift = IsTrue(after.conditions, condition::kDriftDetected);
  const bool drifted = held(condition::kDriftDetected);
  if (drift && !drifted) emit(Type::kWarning, "DriftDetected");
  if (!drift && drifted) emit(Type::kNormal, "DriftCleared");

  const bool first = !before || before->history.empty();
  const bool evaluated =
      !after.history.empty() && (first || before->history.front() != after.history.front());
  const Phase phase_before = first ? Phase::kInitializing : before->history.front().phase;
  if (evaluated && after.history.front().phase != phase_before) {
    const Phase phase = after.history.front().phase;
    if (phase == Phase::kWarning && !drifted) emit(Type::kWarning, "Warning");
    if (phase == Phase::kInsufficientData) emit(Type::kWarning, "DataInsufficient");
    if (phase == Phase::kError) emit(Type::kWarning, "EvaluationFailed");
    if (phase == Phase::kHealthy && !drifted) emit(Type::kNormal, "Healthy");
  }
  if (IsTrue(after.conditions, kStalled) && !held(kStalled)) emit(Type::kWarning, "Stalled");
  const std::vector<api::Condition> none;
  if (auto barred = BarredEvent(before ? before->conditions : none, after.conditions)) {
    events.push_back(std::move(*barred));
  }
  return events;
}

}  // namespace slipway::drift_monitor
