#include "controllers/training_job/desired.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/pods.hpp"
#include "controllers/training_job/checkpoint.hpp"
#include "controllers/training_job/elastic.hpp"
#include "controllers/training_job/gang.hpp"
#include "controllers/training_job/members.hpp"
#include "controllers/training_job/processes.hpp"
#include "controllers/training_job/progress.hpp"
#include "controllers/training_job/rendezvous.hpp"
#include "controllers/training_job/result.hpp"
#include "controllers/training_job/trigger.hpp"
#include "operator/base/hash.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::training_job {
namespace {

using nlohmann::json;

constexpr std::string_view kServiceRole = "nodes";

/// Machines are told apart by name, not by the label kubernetes.io/hostname, which may be another.
/// A requirement on a name may have one value only (core/v1 validation), so each gets its own.
json StayAwayFrom(const std::vector<std::string>& machines) {
  json fields = json::array();
  for (const auto& machine : machines) {
    fields.push_back({{"key", "metadata.name"}, {"operator", "NotIn"}, {"values", {machine}}});
  }
  const json terms = json::array({{{"matchFields", std::move(fields)}}});
  return {{"nodeAffinity",
           {{"requiredDuringSchedulingIgnoredDuringExecution", {{"nodeSelectorTerms", terms}}}}}};
}

PodPlan PlanNode(const api::TrainingJob& job, std::int32_t node, const Group& group,
                 Rendezvous rendezvous) {
  const api::Trainer& trainer = job.spec.trainer;
  PodPlan plan;
  plan.container = kContainer;
  plan.image = trainer.image.value_or("");
  plan.command = trainer.command;
  plan.args = trainer.args;
  plan.operator_env = std::move(rendezvous.env);
  plan.user_env = trainer.env;
  plan.resources = trainer.resources_per_node;
  plan.volumes = std::move(rendezvous.volumes);
  plan.mounts = std::move(rendezvous.mounts);
  if (node == 0 && WantsResult(job)) {
    plan.termination_message_path = ResultFile(job);
    plan.operator_env.push_back({"SLIPWAY_RESULT_FILE", plan.termination_message_path});
  }
  AddTrigger(job.meta, plan.operator_env);
  AddCheckpoint(job, plan);
  // A restart is a new pod, so that all nodes meet again; a container that restarted by itself
  // would come back into a group that has gone on without it.
  plan.restart_policy = "Never";
  plan.hostname = Hostname(node);
  plan.subdomain = group.service;
  if (job.status && !job.status->avoided_nodes.empty()) {
    plan.affinity = StayAwayFrom(job.status->avoided_nodes);
  }
  return plan;
}

bool HasUnknownRule(const api::FailurePolicy& policy) {
  return std::ranges::any_of(policy.rules, [](const api::FailureRule& rule) {
    return rule.action == api::FailureAction::kUnknown ||
           (rule.on_exit_codes && rule.on_exit_codes->operator_ == api::ExitCodeOperator::kUnknown);
  });
}

bool HasUnknownGoal(const std::optional<api::EvaluationGate>& evaluation) {
  return evaluation && std::ranges::find(evaluation->metrics, api::MetricGoal::kUnknown,
                                         &api::GateMetric::goal) != evaluation->metrics.end();
}

std::optional<Problem> WhyUncountable(const api::Trainer& trainer) {
  if (ProcessesPerNode(trainer)) return std::nullopt;
  const bool gpu = trainer.num_proc_per_node == "gpu";
  return Problem{
      std::string(reason::kUnresolvableProcesses),
      fmt::format("spec.trainer.numProcPerNode is {0}, but spec.trainer.resourcesPerNode.limits "
                  "names no {1}; set spec.suspend to true, add the limit or write a number, then "
                  "set it back to false",
                  trainer.num_proc_per_node, gpu ? "device such as nvidia.com/gpu" : "cpu"),
      true};
}

Problem UnsupportedValue(std::string_view field) {
  return {std::string(reason::kUnsupportedValue),
          fmt::format("{} has a value that this version of the operator does not know; upgrade the "
                      "operator to the version of the CRD, or create the job with another value",
                      field),
          true};
}

}  // namespace

ObjectKey PodKey(const ObjectKey& job_key, const api::TrainingJob& job, std::int32_t node) {
  return ChildKey(job_key, ChildName(job.meta.name, job.meta.uid, Hostname(node)));
}

ObjectKey ServiceKey(const ObjectKey& job_key, const api::TrainingJob& job) {
  return ChildKey(job_key, ChildName(job.meta.name, job.meta.uid, kServiceRole));
}

Create MakeService(const ObjectKey& job_key, const api::TrainingJob& job) {
  const json selector = {{labels::kOwnerUid, job.meta.uid}, {labels::kRole, kNodeRole}};
  return {
      kServices.type, ServiceKey(job_key, job),
      json{{"metadata", {{"labels", ChildLabels(kApplication, job.meta, kServiceRole)}}},
           {"spec",
            {{"clusterIP", "None"}, {"publishNotReadyAddresses", true}, {"selector", selector}}}}};
}

std::string TrainerHash(const api::TrainingJob& job) {
  if (job.spec.framework == api::Framework::kUnknown) return "";
  const std::string trainer =
      job.spec.elastic_policy ? ElasticTrainerText(job) : ToJson(job.spec.trainer).dump();
  if (!job.spec.checkpoint) return ShortHash({ToString(job.spec.framework), trainer});
  return ShortHash({ToString(job.spec.framework), trainer, ToJson(*job.spec.checkpoint).dump()});
}

Create MakePod(const ObjectKey& job_key, const api::TrainingJob& job, std::int32_t node,
               std::int32_t attempt, std::int32_t member_restarts, const std::string& report_url) {
  const api::Trainer& trainer = job.spec.trainer;
  Group group{job.spec.framework, trainer.num_nodes, ProcessesPerNode(trainer).value_or(1),
              ServiceKey(job_key, job).name};
  MakeElastic(job, attempt, group);
  Rendezvous rendezvous = MakeRendezvous(group, node);
  Labels labels = ChildLabels(kApplication, job.meta, kNodeRole);
  labels.emplace(labels::kNodeIndex, std::to_string(node));
  labels.emplace(labels::kAttempt, std::to_string(attempt));
  labels.emplace(kTrainerHash, TrainerHash(job));
  if (member_restarts > 0) labels.emplace(kMemberRestarts, std::to_string(member_restarts));
  AddQueue(job, attempt, labels, rendezvous.annotations);
  json metadata = PodMetadata(trainer.pod_template, labels, rendezvous.annotations);
  const PodPlan plan = PlanNode(job, node, group, std::move(rendezvous));
  json spec = RestrictedPodSpec(plan, trainer.pod_template);
  // The machines of a group that has started are its own.
  if (member_restarts == 0) AddGate(job, spec);
  GrantGrace(job, spec);
  Create pod{kPods.type, PodKey(job_key, job, node),
             json{{"metadata", std::move(metadata)}, {"spec", std::move(spec)}}};
  if (node == 0) LetReport(pod, report_url);
  return pod;
}

std::optional<Problem> WhyImpossible(const api::TrainingJob& job) {
  if (job.spec.framework == api::Framework::kUnknown) return UnsupportedValue("spec.framework");
  if (job.spec.clean_pod_policy == api::CleanPodPolicy::kUnknown) {
    return UnsupportedValue("spec.cleanPodPolicy");
  }
  if (HasUnknownRule(job.spec.failure_policy)) return UnsupportedValue("spec.failurePolicy.rules");
  if (HasUnknownGoal(job.spec.evaluation)) return UnsupportedValue("spec.evaluation.metrics");
  if (job.spec.output && job.spec.output->register_ == api::Registration::kUnknown) {
    return UnsupportedValue("spec.output.register");
  }
  if (auto problem = WhyMembersImpossible(job)) return problem;
  if (auto problem = WhyNotElastic(job)) return problem;
  if (job.spec.scheduling_policy && job.spec.scheduling_policy->gang == api::GangPolicy::kUnknown) {
    return UnsupportedValue("spec.schedulingPolicy.gang");
  }
  if (job.spec.checkpoint && job.spec.checkpoint->resume == api::CheckpointResume::kUnknown) {
    return UnsupportedValue("spec.checkpoint.resume");
  }
  return WhyUncountable(job.spec.trainer);
}

}  // namespace slipway::training_job
