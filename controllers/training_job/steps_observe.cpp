#include "controllers/training_job/steps_observe.hpp"

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/elastic.hpp"
#include "controllers/training_job/result.hpp"

namespace slipway::training_job {
namespace {

/// A pod of a step, with what its labels say.
struct StepPod {
  std::string name;
  std::string hash;
  std::int32_t attempt = 0;  ///< From 1.
  NodePod pod;
};

std::string LabelOf(const ObjectMeta& meta, std::string_view name) {
  const auto label = meta.labels.find(name);
  return label == meta.labels.end() ? "" : label->second;
}

std::vector<StepPod> FindStepPods(const ObjectKey& key, const api::TrainingJob& job,
                                  const Snapshot& world) {
  std::vector<StepPod> pods;
  for (const auto& pod : world.All(kPods)) {
    if (LabelOf(pod.meta, labels::kRole) != kStepRole) continue;
    const std::string name = LabelOf(pod.meta, kStep);
    const auto attempt = NumberLabel<std::int32_t>(pod.meta, labels::kAttempt);
    if (name.empty() || !attempt || !IsChildOf(pod.key, pod.meta, key, job.meta)) continue;
    if (pod.key != StepPodKey(key, job, name)) continue;
    pods.push_back({name,
                    LabelOf(pod.meta, kStepHash),
                    *attempt + 1,
                    {0, *attempt, false, true, &pod.key, &pod.meta, &pod.body}});
  }
  std::ranges::sort(pods, {}, &StepPod::name);
  return pods;
}

const api::StepStatus* FindRecord(const api::TrainingJob& job, std::string_view name) {
  return job.status ? FindStep(job.status->steps, name) : nullptr;
}

/// Was begun or has succeeded, and is not made from what the spec says now.
bool IsOfAnotherProgram(const api::StepStatus& record, const std::string& hash) {
  const bool begun = record.attempts || record.phase == api::StepPhase::kSucceeded;
  return begun && record.program_hash.value_or(hash) != hash;
}

StepState ReadStep(const api::TrainingJob& job, StepProgram program, std::string hash) {
  StepState state;
  const api::StepStatus* record = FindRecord(job, program.what.name);
  state.program = std::move(program);
  state.hash = std::move(hash);
  if (record == nullptr) return state;
  const std::int32_t attempts = record->attempts.value_or(0);
  if (IsOfAnotherProgram(*record, state.hash)) {
    state.attempt = attempts + 1;
    return state;
  }
  state.attempt = std::max(attempts, 1);
  state.failures = record->failures.value_or(0);
  state.record = record;
  state.recorded = state.done = record->phase == api::StepPhase::kSucceeded;
  return state;
}

/// Takes the pod of the start that counts out of `pods`. Starts that the status does not know were
/// failures, for all that can be told.
void TakePod(StepState& state, std::vector<StepPod>& pods, bool suspended) {
  const auto found = std::ranges::find(pods, state.program.what.name, &StepPod::name);
  if (found == pods.end() || found->hash != state.hash || found->attempt < state.attempt) return;
  state.failures += found->attempt - state.attempt;
  state.attempt = found->attempt;
  state.pod = found->pod;
  // One that ends with 0 because it is told to stop has not reached its goal.
  if (!suspended && found->pod.Succeeded()) state.done = true;
  pods.erase(found);
}

/// The nodes are started after all steps, so where there are any the steps have succeeded, whatever
/// has become of the status and of their pods.
void BelieveNodes(Observed& observed) {
  const bool running = !observed.record.suspended && !observed.steps.changed;
  if (!running || observed.Pods().empty()) return;
  for (StepState& step : observed.steps.prepare) step.done = true;
}

/// The nodes need not run again after they have succeeded, also when a suspension has taken their
/// pods.
void BelieveTraining(const api::TrainingJob& job, Observed& observed) {
  Steps& steps = observed.steps;
  const api::StepStatus* record = FindRecord(job, kTrainStep);
  steps.trained = steps.evaluation && !steps.changed && record != nullptr &&
                  record->phase == api::StepPhase::kSucceeded &&
                  record->program_hash == steps.train_hash;
  if (!steps.trained) return;
  observed.succeeded.assign(observed.succeeded.size(), true);
  observed.missing.assign(observed.missing.size(), false);
  observed.result = job.status->result.value_or(api::TrainingResult{});
}

void AddDatasets(std::vector<api::Dataset>& known, const std::vector<api::Dataset>& reported) {
  for (const auto& dataset : reported) {
    const auto same = std::ranges::find(known, dataset.name, &api::Dataset::name);
    if (same == known.end()) {
      known.push_back(dataset);
    } else {
      *same = dataset;
    }
  }
}

/// What the evaluation says put over what the training has said. The image remains that of the
/// training, which made the model.
void AddReport(api::TrainingResult& result, api::TrainingResult report) {
  result.metrics = std::move(report.metrics);
  if (report.artifact) result.artifact = std::move(report.artifact);
  if (report.baseline) result.baseline = std::move(report.baseline);
  if (report.schema) result.schema = std::move(report.schema);
  AddDatasets(result.datasets, report.datasets);
  if (!result.problem) result.problem = std::move(report.problem);
}

/// What was measured of another training, one that is not known any more, counts for nothing.
void ReadEvaluation(const api::TrainingJob& job, Observed& observed) {
  auto& evaluation = observed.steps.evaluation;
  if (!evaluation) return;
  const bool read = evaluation->recorded;
  evaluation->recorded = evaluation->recorded && observed.steps.trained;
  evaluation->done = evaluation->done && observed.steps.trained;
  if (evaluation->pod && !HasTrained(job, observed)) {
    observed.leftovers.push_back(*evaluation->pod);
    evaluation->pod.reset();
  }
  if (!evaluation->done || read) return;
  api::TrainingResult result = observed.result.value_or(api::TrainingResult{});
  AddReport(result, ReadEvaluationReport(*evaluation->pod->view, ResultFile(job)));
  observed.result = std::move(result);
}

std::optional<std::size_t> FindDue(const api::TrainingJob& job, const Observed& observed) {
  const Steps& steps = observed.steps;
  const auto next = std::ranges::find(steps.prepare, false, &StepState::done);
  if (next != steps.prepare.end()) {
    return static_cast<std::size_t>(next - steps.prepare.begin());
  }
  const bool evaluates = steps.evaluation && !steps.evaluation->done;
  return evaluates && HasTrained(job, observed) ? std::optional(steps.prepare.size())
                                                : std::nullopt;
}

void ReadSteps(const api::TrainingJob& job, Steps& steps) {
  const StepHashes hashes = HashSteps(job);
  steps.train_hash = hashes.train;
  for (StepProgram& program : PrepareSteps(job)) {
    steps.prepare.push_back(
        ReadStep(job, std::move(program), hashes.prepare.at(steps.prepare.size())));
    const StepState& step = steps.prepare.back();
    const bool known = FindRecord(job, step.program.what.name) != nullptr;
    steps.changed = steps.changed || (known && step.record == nullptr);
  }
  if (auto program = EvaluationStep(job)) {
    steps.evaluation = ReadStep(job, std::move(*program), hashes.evaluate);
  }
}

}  // namespace

void ObserveSteps(const ObjectKey& key, const Resolved& resolved, const Snapshot& world,
                  Observed& observed) {
  const api::TrainingJob& job = resolved.job;
  Steps& steps = observed.steps;
  steps.ns = key.ns;
  steps.first_node = PodKey(key, job, 0).name;
  std::vector<StepPod> pods = FindStepPods(key, job, world);
  steps.unknown = resolved.problem.has_value();
  if (steps.unknown) {
    for (const StepPod& pod : pods) steps.unsorted.push_back(pod.pod);
    return;
  }
  ReadSteps(job, steps);
  const bool suspended = observed.record.suspended;
  for (StepState& step : steps.prepare) TakePod(step, pods, suspended);
  if (steps.evaluation) TakePod(*steps.evaluation, pods, suspended);
  for (const StepPod& pod : pods) observed.leftovers.push_back(pod.pod);
  BelieveNodes(observed);
  BelieveTraining(job, observed);
  ReadEvaluation(job, observed);
  steps.due = FindDue(job, observed);
}

bool HasTrained(const api::TrainingJob& job, const Observed& observed) {
  if (observed.steps.changed && !observed.record.suspended) return false;
  // mpirun on node 0 returns when the ranks on all nodes have; the others only serve it.
  if (job.spec.framework == api::Framework::kMPI) return observed.succeeded.at(0);
  if (observed.elastic) return HasGroupSucceeded(observed);
  return observed.CountSucceeded() == observed.num_nodes;
}

std::vector<const NodePod*> Observed::StepPods() const {
  std::vector<const NodePod*> pods;
  for (const StepState& step : steps.prepare) {
    if (step.pod) pods.push_back(&*step.pod);
  }
  if (steps.evaluation && steps.evaluation->pod) pods.push_back(&*steps.evaluation->pod);
  for (const NodePod& pod : steps.unsorted) pods.push_back(&pod);
  return pods;
}

bool IsPrepared(const Steps& steps) {
  return std::ranges::all_of(steps.prepare, &StepState::recorded);
}

const api::StepStatus* FindStep(const std::vector<api::StepStatus>& steps, std::string_view name) {
  const auto found = std::ranges::find(steps, name, &api::StepStatus::name);
  return found == steps.end() ? nullptr : &*found;
}

}  // namespace slipway::training_job
