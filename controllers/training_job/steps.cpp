#include "controllers/training_job/steps.hpp"

#include <fmt/core.h>

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/pods.hpp"
#include "controllers/training_job/desired.hpp"
#include "controllers/training_job/processes.hpp"
#include "controllers/training_job/result.hpp"
#include "controllers/training_job/trigger.hpp"
#include "operator/base/hash.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

std::string ImageOf(const api::TrainingJob& job, const StepProgram& program) {
  return program.what.image.value_or(job.spec.trainer.image.value_or(""));
}

std::string HashStep(const api::TrainingJob& job, const StepProgram& program,
                     std::string_view before) {
  json what = ToJson(program.what);
  for (const char* name : {"resources", "retries", "timeoutSeconds"}) what.erase(name);
  const auto& pods = job.spec.trainer.pod_template;
  const json places = pods ? ToJson(*pods) : json::object();
  return ShortHash({before, ImageOf(job, program), what.dump(),
                    places.value("volumes", json()).dump(),
                    places.value("volumeMounts", json()).dump()});
}

/// The variables of the trainer's pods that are not about a node, and what a step is told besides.
std::vector<EnvValue> Environment(const api::TrainingJob& job, const StepProgram& program) {
  const api::Trainer& trainer = job.spec.trainer;
  std::vector<EnvValue> env{
      {"SLIPWAY_JOB", job.meta.name},
      {"SLIPWAY_STEP", program.what.name},
      {"SLIPWAY_NUM_NODES", std::to_string(trainer.num_nodes)},
      {"SLIPWAY_NUM_PROC_PER_NODE", std::to_string(ProcessesPerNode(trainer).value_or(1))}};
  if (program.evaluates) env.push_back({"SLIPWAY_RESULT_FILE", ResultFile(job)});
  AddTrigger(job.meta, env);
  return env;
}

PodPlan PlanStepPod(const api::TrainingJob& job, const StepProgram& program) {
  PodPlan plan;
  plan.container = kStepContainer;
  plan.image = ImageOf(job, program);
  plan.command = program.what.command;
  plan.args = program.what.args;
  plan.operator_env = Environment(job, program);
  plan.user_env = program.what.env;
  plan.resources = program.what.resources;
  if (program.evaluates) plan.termination_message_path = ResultFile(job);
  // Whether it is tried again, and when, is for the job to say.
  plan.restart_policy = "Never";
  plan.active_deadline_seconds = program.what.timeout_seconds;
  return plan;
}

}  // namespace

std::vector<StepProgram> PrepareSteps(const api::TrainingJob& job) {
  std::vector<StepProgram> steps;
  for (const auto& step : job.spec.prepare) {
    steps.push_back({step, fmt::format("spec.prepare[{}]", steps.size()), false});
  }
  return steps;
}

std::optional<StepProgram> EvaluationStep(const api::TrainingJob& job) {
  if (!job.spec.evaluation || !job.spec.evaluation->metrics_from.step) return std::nullopt;
  const api::EvaluationStep& step = *job.spec.evaluation->metrics_from.step;
  return StepProgram{{std::string(kEvaluateStep), step.image, step.command, step.args, step.env,
                      step.resources, step.working_dir, step.timeout_seconds, step.retries},
                     "spec.evaluation.metricsFrom.step",
                     true};
}

StepHashes HashSteps(const api::TrainingJob& job) {
  StepHashes hashes;
  std::string before;
  for (const StepProgram& program : PrepareSteps(job)) {
    before = HashStep(job, program, before);
    hashes.prepare.push_back(before);
  }
  hashes.train = ShortHash({before, TrainerHash(job)});
  if (const auto evaluation = EvaluationStep(job)) {
    hashes.evaluate = HashStep(job, *evaluation, hashes.train);
  }
  return hashes;
}

ObjectKey StepPodKey(const ObjectKey& job_key, const api::TrainingJob& job, std::string_view step) {
  return ChildKey(job_key,
                  ChildName(job.meta.name, job.meta.uid, fmt::format("{}-{}", kStepRole, step)));
}

Create MakeStepPod(const ObjectKey& job_key, const api::TrainingJob& job,
                   const StepProgram& program, const std::string& hash, std::int32_t attempt) {
  Labels labels = ChildLabels(kApplication, job.meta, kStepRole);
  labels.emplace(kStep, program.what.name);
  labels.emplace(labels::kAttempt, std::to_string(attempt - 1));
  labels.emplace(kStepHash, hash);
  auto pods = job.spec.trainer.pod_template;
  if (program.what.working_dir) {
    if (!pods) pods.emplace();
    pods->working_dir = program.what.working_dir;
  }
  return {kPods.type, StepPodKey(job_key, job, program.what.name),
          json{{"metadata", PodMetadata(pods, labels, {})},
               {"spec", RestrictedPodSpec(PlanStepPod(job, program), pods)}}};
}

}  // namespace slipway::training_job
