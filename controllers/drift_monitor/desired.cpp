#include "controllers/drift_monitor/desired.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/arguments.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/pods.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::drift_monitor {
namespace {

using nlohmann::json;

/// Where a source is mounted. The path names the object it comes from, since it is what the user
/// reads when the evaluation cannot open it.
struct Mount {
  json volume;
  std::string folder;
  std::string file;
};

template <class Source>
Mount MountSource(const char* name, const Source& source) {
  if (source.config_map) {
    const auto& map = *source.config_map;
    // Optional: without the ConfigMap or its key the pod would wait for ever and without a word;
    // so it starts, finds no file, and says which one.
    return {{{"name", fmt::format("slipway-{}", name)},
             {"configMap",
              {{"name", map.name},
               {"optional", true},
               {"items", json::array({{{"key", map.key}, {"path", map.key}}})}}}},
            fmt::format("/{}/configmap/{}", name, map.name),
            map.key};
  }
  const api::ClaimFile claim = source.persistent_volume_claim.value_or(api::ClaimFile{});
  return {{{"name", fmt::format("slipway-{}", name)},
           {"persistentVolumeClaim", {{"claimName", claim.claim_name}}}},
          fmt::format("/{}/claim/{}", name, claim.claim_name),
          claim.path};
}

/// What the evaluation reads of the spec; the rest of it is about the pod itself.
std::string EvaluationSpecText(const api::DriftMonitorSpec& spec) {
  json text = api::ToJson(spec);
  for (const char* name : {"intervalSeconds", "suspend", "resources"}) text.erase(name);
  return text.dump();
}

json ReadOnlyMount(const Mount& mount) {
  return {{"name", mount.volume["name"]}, {"mountPath", mount.folder}, {"readOnly", true}};
}

PodPlan PlanEvaluation(const api::DriftMonitorSpec& spec, const Settings& settings) {
  const Mount reference = MountSource("reference", spec.reference);
  const Mount production = MountSource("production", spec.production);
  PodPlan plan;
  plan.container = kContainer;
  plan.image = settings.worker_image;
  plan.command = {"/slipway", "evaluate-drift"};
  plan.args = {"--reference", LiteralArgument(reference.folder + "/" + reference.file),
               "--sample",    LiteralArgument(production.folder + "/" + production.file),
               "--spec",      LiteralArgument(EvaluationSpecText(spec))};
  plan.resources = spec.resources;
  plan.volumes = json::array({reference.volume, production.volume});
  plan.mounts = json::array({ReadOnlyMount(reference), ReadOnlyMount(production)});
  plan.restart_policy = "Never";
  plan.active_deadline_seconds = std::clamp<std::int64_t>(spec.interval_seconds, 300, 3600);
  plan.read_only_root = true;
  return plan;
}

}  // namespace

ObjectKey PodKey(const ObjectKey& key, const api::DriftMonitor& monitor, std::int64_t run,
                 std::int64_t generation) {
  return ChildKey(key, ChildName(monitor.meta.name, monitor.meta.uid,
                                 fmt::format("run-{}-g{}", run, generation)));
}

Create MakePod(const ObjectKey& key, const api::DriftMonitor& monitor, std::int64_t run,
               const Settings& settings) {
  Labels labels = ChildLabels(kApplication, monitor.meta, kEvaluationRole);
  labels.emplace(kRun, std::to_string(run));
  labels.emplace(kGeneration, std::to_string(monitor.meta.generation));
  return {kPods.type, PodKey(key, monitor, run, monitor.meta.generation),
          json{{"metadata", PodMetadata(std::nullopt, labels, {})},
               {"spec", RestrictedPodSpec(PlanEvaluation(monitor.spec, settings), std::nullopt)}}};
}

std::optional<Problem> WhyImpossible(const Settings& settings) {
  if (!settings.worker_image.empty()) return std::nullopt;
  return Problem{std::string(reason::kWorkerImageMissing),
                 "evaluations run in the operator's own image, and it does not know which that is; "
                 "have the platform team set workerImage in the operator's configuration",
                 true};
}

}  // namespace slipway::drift_monitor
