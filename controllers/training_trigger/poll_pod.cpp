#include "controllers/training_trigger/poll_pod.hpp"

#include <fmt/format.h>

#include "controllers/common/arguments.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/pods.hpp"
#include "operator/base/hash.hpp"
#include "operator/kube/workloads.hpp"

namespace slipway::training_trigger {
namespace {

using nlohmann::json;

constexpr std::string_view kCaFolder = "/slipway-ca";
/// In which the worker gives up by itself several times over.
constexpr std::int64_t kDeadlineSeconds = 300;

std::string Option(std::string_view name, std::string_view value) {
  return LiteralArgument(fmt::format("--{}={}", name, value));
}

json FromSecret(const char* variable, const std::string& secret, const char* key, bool optional) {
  json reference = {{"name", secret}, {"key", key}};
  if (optional) reference["optional"] = true;
  return {{"name", variable}, {"valueFrom", {{"secretKeyRef", std::move(reference)}}}};
}

void AddAuthorities(PodPlan& plan, const std::optional<api::CaBundle>& bundle) {
  if (!bundle) return;
  // Optional: without the ConfigMap or its key the pod would wait for ever and without a word; so
  // it starts, finds no file, and says which one.
  plan.volumes.push_back({{"name", "slipway-ca"},
                          {"configMap",
                           {{"name", bundle->config_map_name},
                            {"optional", true},
                            {"items", {{{"key", bundle->key}, {"path", bundle->key}}}}}}});
  const std::string folder = fmt::format("{}/{}", kCaFolder, bundle->config_map_name);
  plan.mounts.push_back({{"name", "slipway-ca"}, {"mountPath", folder}, {"readOnly", true}});
  plan.args.push_back(Option("ca-file", folder + "/" + bundle->key));
}

void LookAtBranch(PodPlan& plan, const api::OnCommit& commit) {
  plan.args = {"worker", "watch-commit", Option("url", commit.git.url),
               Option("branch", commit.git.branch)};
  AddAuthorities(plan, commit.ca_bundle);
  if (!commit.git.secret_ref) return;
  const std::string& secret = commit.git.secret_ref->name;
  plan.container_extra["env"] = {FromSecret("SLIPWAY_GIT_USERNAME", secret, "username", true),
                                 FromSecret("SLIPWAY_GIT_PASSWORD", secret, "password", false)};
}

void LookAtS3(PodPlan& plan, const api::S3Prefix& s3) {
  plan.args = {"worker", "watch-data", Option("s3-endpoint", s3.endpoint),
               Option("bucket", s3.bucket), Option("region", s3.region)};
  if (s3.prefix) plan.args.push_back(Option("prefix", *s3.prefix));
  if (!s3.secret_ref) return;
  json env = json::array();
  for (const char* key : {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}) {
    env.push_back(FromSecret(key, s3.secret_ref->name, key, false));
  }
  env.push_back(FromSecret("AWS_SESSION_TOKEN", s3.secret_ref->name, "AWS_SESSION_TOKEN", true));
  plan.container_extra["env"] = std::move(env);
}

void LookAtAzure(PodPlan& plan, const api::AzureBlobPrefix& blob) {
  plan.args = {"worker", "watch-data",
               Option("azure-endpoint", blob.endpoint.value_or(fmt::format(
                                            "https://{}.blob.core.windows.net", blob.account))),
               Option("account", blob.account), Option("bucket", blob.container)};
  if (blob.prefix) plan.args.push_back(Option("prefix", *blob.prefix));
  if (!blob.secret_ref) return;
  json env = json::array();
  for (const char* key : {"AZURE_STORAGE_KEY", "AZURE_STORAGE_SAS_TOKEN"}) {
    env.push_back(FromSecret(key, blob.secret_ref->name, key, true));
  }
  plan.container_extra["env"] = std::move(env);
  plan.args.emplace_back("--signed");
}

void LookAtStore(PodPlan& plan, const api::OnData& data, const api::WatchStatus& record) {
  if (data.s3) LookAtS3(plan, *data.s3);
  if (data.azure_blob) LookAtAzure(plan, *data.azure_blob);
  AddAuthorities(plan, data.ca_bundle);
  const auto& from = record.counted_from;
  if (!from || !from->newest_time) return;
  plan.args.push_back(Option("after", FormatTime(*from->newest_time)));
  plan.args.push_back(Option("at-newest", std::to_string(from->newest_count.value_or(0))));
}

PodPlan PlanPoll(const api::TrainingTrigger& trigger, const Watch& watch,
                 const api::WatchStatus& record, const Settings& settings) {
  PodPlan plan;
  plan.container = kPollContainer;
  plan.image = settings.worker_image;
  plan.command = {"/slipway"};
  if (watch.cause == api::TriggerCause::kCommit) LookAtBranch(plan, *trigger.spec.on_commit);
  if (watch.cause == api::TriggerCause::kData) LookAtStore(plan, *trigger.spec.on_data, record);
  plan.resources =
      api::Resources{{{"cpu", "20m"}, {"memory", "64Mi"}}, {{"cpu", "500m"}, {"memory", "256Mi"}}};
  plan.restart_policy = "Never";
  plan.active_deadline_seconds = kDeadlineSeconds;
  plan.read_only_root = true;
  return plan;
}

}  // namespace

Create MakePoll(const ObjectKey& key, const api::TrainingTrigger& trigger, const Watch& watch,
                const api::WatchStatus& record, const Settings& settings) {
  const bool commit = watch.cause == api::TriggerCause::kCommit;
  const std::string_view role = commit ? kWatchCommitRole : kWatchDataRole;
  const Labels labels = ChildLabels(kApplication, trigger.meta, role);
  json spec = RestrictedPodSpec(PlanPoll(trigger, watch, record, settings), std::nullopt);
  const std::string told =
      ShortHash({FormatTime(record.next_poll_time), watch.target, spec.dump()});
  return {kPods.type,
          ChildKey(key, ChildName(trigger.meta.name, trigger.meta.uid,
                                  fmt::format("{}-{}", role, told))),
          json{{"metadata", PodMetadata(std::nullopt, labels, {})}, {"spec", std::move(spec)}}};
}

}  // namespace slipway::training_trigger
