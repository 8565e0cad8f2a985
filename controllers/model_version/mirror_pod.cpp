#include "controllers/model_version/mirror_pod.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "controllers/common/arguments.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/pods.hpp"
#include "operator/base/clock.hpp"

namespace slipway::model_version {
namespace {

using nlohmann::json;

/// The kernel takes 128 KiB for one argument (MAX_ARG_STRLEN); a record may be longer.
constexpr std::size_t kMaxArgument = std::size_t{96} * 1024;
constexpr std::int64_t kDeadlineSeconds = 300;

/// Keys of the Secret, and the variables that they become.
constexpr std::array<std::pair<const char*, const char*>, 5> kVariables{{
    {"MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_URI"},
    {"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_USERNAME"},
    {"MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_PASSWORD"},
    {"MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_TOKEN"},
    {"ca.crt", "MLFLOW_TRACKING_CA"},
}};

/// Optional, since most of them are absent, and without the whole Secret MLflow says best itself
/// that it wants credentials.
json Environment(const std::string& secret) {
  json env = json::array();
  for (const auto& [key, name] : kVariables) {
    env.push_back(
        {{"name", name},
         {"valueFrom", {{"secretKeyRef", {{"name", secret}, {"key", key}, {"optional", true}}}}}});
  }
  return env;
}

/// The version as the API server has it, as far as it is mirrored.
std::string RecordText(const api::ModelVersion& version, const std::vector<std::string>& aliases) {
  return json{{"apiVersion", api::kModelVersionType.ApiVersion()},
              {"kind", api::kModelVersionType.kind},
              {"metadata",
               {{"name", version.meta.name},
                {"namespace", version.meta.ns},
                {"uid", version.meta.uid},
                {"creationTimestamp", FormatTime(version.meta.created)}}},
              {"spec", api::ToJson(version.spec)},
              {"status", {{"observedGeneration", 0}, {"aliases", aliases}}}}
      .dump(-1, ' ', /*ensure_ascii=*/true);
}

std::vector<std::string> Arguments(const std::string& record, const Settings& settings) {
  std::vector<std::string> args{"--tracking-uri=" + LiteralArgument(settings.mlflow_tracking_uri)};
  for (std::size_t i = 0; i < record.size(); i += kMaxArgument) {
    args.push_back("--record=" + LiteralArgument(std::string_view(record).substr(i, kMaxArgument)));
  }
  return args;
}

}  // namespace

ObjectKey MirrorPodKey(const ObjectKey& key, const api::ModelVersion& version,
                       std::string_view attempt, std::int32_t failures) {
  return ChildKey(key, ChildName(version.meta.name, version.meta.uid,
                                 fmt::format("mirror-{}-{}", attempt, failures)));
}

Create MakeMirrorPod(const ObjectKey& key, const api::ModelVersion& version,
                     const std::vector<std::string>& aliases, const Mirroring& mirroring,
                     const Settings& settings) {
  PodPlan plan;
  plan.container = kContainer;
  plan.image = settings.worker_image;
  plan.command = {"/slipway", "mirror-model"};
  plan.args = Arguments(RecordText(version, aliases), settings);
  plan.container_extra = {{"env", Environment(settings.mlflow_secret)}};
  plan.resources = api::Resources{{{"cpu", "20m"}, {"memory", "32Mi"}}, {{"memory", "128Mi"}}};
  plan.restart_policy = "Never";
  plan.active_deadline_seconds = kDeadlineSeconds;
  plan.read_only_root = true;
  Labels labels = ChildLabels(kApplication, version.meta, kMirrorRole);
  labels.emplace(kModel, version.spec.model_name);
  labels.emplace(kAttempt, mirroring.attempt);
  labels.emplace(kFailures, std::to_string(mirroring.failures));
  return {kPods.type, MirrorPodKey(key, version, mirroring.attempt, mirroring.failures),
          json{{"metadata", PodMetadata(std::nullopt, labels, {})},
               {"spec", RestrictedPodSpec(plan, std::nullopt)}}};
}

}  // namespace slipway::model_version
