#include "operator/cli/read_world.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/drift_monitor/kind.hpp"
#include "controllers/model_deployment/kind.hpp"
#include "controllers/training_job/kind.hpp"
#include "controllers/training_trigger/kind.hpp"
#include "operator/base/lower_case.hpp"
#include "operator/cli/look.hpp"
#include "operator/cli/reader.hpp"
#include "operator/kube/labels.hpp"

namespace slipway::cli {
namespace {

using nlohmann::json;

constexpr ResourceType kEvents{"", "v1", "Event", "events"};
constexpr ResourceType kQuotas{"", "v1", "ResourceQuota", "resourcequotas"};
constexpr ResourceType kMachines{"", "v1", "Node", "nodes"};
constexpr ResourceType kLeases{"coordination.k8s.io", "v1", "Lease", "leases"};

struct Spelling {
  std::string_view word;
  const ResourceType& type;
};

const std::vector<Spelling>& Spellings() {
  static const std::vector<Spelling> kSpellings{
      {"tj", training_job::kTrainingJobs.type},
      {"trainingjob", training_job::kTrainingJobs.type},
      {"trainingjobs", training_job::kTrainingJobs.type},
      {"tt", training_trigger::kTrainingTriggers.type},
      {"trainingtrigger", training_trigger::kTrainingTriggers.type},
      {"trainingtriggers", training_trigger::kTrainingTriggers.type},
      {"md", model_deployment::kModelDeployments.type},
      {"modeldeployment", model_deployment::kModelDeployments.type},
      {"modeldeployments", model_deployment::kModelDeployments.type},
      {"dm", drift_monitor::kDriftMonitors.type},
      {"driftmonitor", drift_monitor::kDriftMonitors.type},
      {"driftmonitors", drift_monitor::kDriftMonitors.type},
  };
  return kSpellings;
}

/// Beside the resource; a label alone could be anybody's.
void KeepOwned(std::vector<json>& objects, const std::string& uid) {
  std::erase_if(objects, [&](const json& object) {
    const auto& owners = List(object, {"metadata", "ownerReferences"});
    return std::ranges::none_of(owners, [&](const json& owner) {
      return Flag(owner, {"controller"}) &&
             (Text(owner, {"uid"}) == uid || Text(owner, {"kind"}) == "ReplicaSet");
    });
  });
}

}  // namespace

Result<Target> ParseTarget(std::string_view text) {
  const auto slash = text.find('/');
  std::string word = InLowerCase(text.substr(0, slash));
  word = word.substr(0, word.find('.'));  // trainingjobs.slipway.dev, or with the version.
  const auto spelling = std::ranges::find(Spellings(), word, &Spelling::word);
  const bool complete = slash != std::string_view::npos && slash + 1 < text.size() &&
                        text.find('/', slash + 1) == std::string_view::npos;
  if (spelling == Spellings().end() || !complete) {
    return Fail(
        Code::kInvalid,
        fmt::format("{:.100}: must be KIND/NAME, with tj (TrainingJob), tt (TrainingTrigger), md "
                    "(ModelDeployment) or dm (DriftMonitor) as KIND, such as tj/churn",
                    text));
  }
  return Target{spelling->type, std::string(text.substr(slash + 1))};
}

Result<World> ReadWorld(Client& client, const Target& target, const std::string& ns,
                        const ObjectKey& lease, Instant now) {
  auto resource =
      ParseAnswer(client.Send(request::Get(target.type, {client.cluster(), ns, target.name})));
  if (!resource) {
    Error error = resource.error();
    if (error.code == Code::kKindNotServed) {
      error.message =
          fmt::format("this cluster has no {}: Slipway's CRDs are not installed there ({})",
                      target.type.plural, error.message);
    }
    if (error.code == Code::kNotFound) {
      error.message = fmt::format("there is no {} {} in namespace {}; kubectl get {} -A lists all",
                                  target.type.kind, target.name, ns, target.type.plural);
    }
    return tl::unexpected(std::move(error));
  }
  World world;
  world.now = now;
  world.kind = target.type.kind;
  world.resource = std::move(*resource);
  world.lease_name = lease.ToString();
  const std::string uid = Text(world.resource, {"metadata", "uid"});
  const std::string selector = fmt::format("{}={}", labels::kOwnerUid, uid);
  Reader reader(client, world.unread);
  world.pods = reader.All(kPods.type, ns, selector);
  KeepOwned(world.pods, uid);
  if (target.type == model_deployment::kModelDeployments.type) {
    world.deployments = reader.All(kDeployments.type, ns, selector);
    world.autoscalers = reader.All(kAutoscalers.type, ns, selector);
  }
  world.events = reader.All(kEvents, ns);
  world.quotas = reader.All(kQuotas, ns);
  world.nodes = reader.All(kMachines, "");
  world.lease = reader.One(kLeases, lease);
  return world;
}

}  // namespace slipway::cli
