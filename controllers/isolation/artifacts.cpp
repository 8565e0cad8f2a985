#include "controllers/isolation/artifacts.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "controllers/common/arguments.hpp"
#include "controllers/common/labels.hpp"
#include "controllers/common/model_report.hpp"
#include "controllers/common/names.hpp"
#include "controllers/common/pods.hpp"
#include "controllers/isolation/images.hpp"
#include "controllers/isolation/kind.hpp"
#include "controllers/model_deployment/kind.hpp"
#include "controllers/model_version/kind.hpp"
#include "operator/base/lower_case.hpp"

namespace slipway::isolation {
namespace {

using model_deployment::kModelDeployments;
using model_version::kModelVersions;
using nlohmann::json;

/// Where the path begins, behind scheme and host.
std::size_t PathOf(std::string_view uri) {
  constexpr std::string_view kMark = "://";
  const auto mark = uri.find(kMark);
  if (mark == std::string_view::npos) return uri.size();
  return std::min(uri.find_first_of("/?#\\", mark + kMark.size()), uri.size());
}

/// Whether who resolves it may come out somewhere else than it begins with.
bool LeadsElsewhere(std::string_view uri) {
  const std::string path = InLowerCase(uri.substr(PathOf(uri)));
  if (path.find('\\') != std::string::npos) return true;
  // A dot, a slash, a backslash, and the percent sign that hides one of them a second time.
  for (const char* hidden : {"%2e", "%2f", "%5c", "%25"}) {
    if (path.find(hidden) != std::string::npos) return true;
  }
  for (const char* up : {"/..", "?..", "#.."}) {
    if (path.find(up) != std::string::npos) return true;
  }
  return false;
}

std::string WithPlainHost(std::string_view uri) {
  const auto path = PathOf(uri);
  return InLowerCase(uri.substr(0, path)) + std::string(uri.substr(path));
}

/// A variant of a deployment that is about to get pods.
struct Candidate {
  const std::string& name;
  const api::Variant* spec;
  const Rules& rules;
};

Problem Refuse(const Candidate& variant, const std::string& why) {
  return {std::string(reason::kArtifactNotAllowed),
          fmt::format("variant {} {} (IsolationPolicy {})", variant.name, why,
                      fmt::join(variant.rules.policies, ", ")),
          true};
}

/// Why a version may not be served, as a clause about the variant that names it, with the way out.
std::optional<std::string> WhyNotAllowed(const api::ModelVersion& version, const std::string& name,
                                         const ArtifactRules& rules) {
  const auto& artifact = version.spec.artifact;
  for (const auto& beginnings : rules.allowed_uris) {
    const bool under = std::ranges::any_of(
        beginnings, [&](const auto& beginning) { return IsUnder(artifact.uri, beginning); });
    if (under) continue;
    return fmt::format(
        "names ModelVersion {}, whose artifact.uri {} {} artifacts.allowedURIs ({}); name a "
        "version whose model lies there, or have its beginning added",
        name, artifact.uri,
        LeadsElsewhere(artifact.uri) ? "may lead elsewhere than below" : "begins with none of",
        fmt::join(beginnings, ", "));
  }
  for (const auto& formats : rules.allowed_formats) {
    const std::string format = artifact.format.value_or("");
    if (std::ranges::find(formats, format) != formats.end()) continue;
    return fmt::format(
        "names ModelVersion {}, whose artifact.format {} none of artifacts.allowedFormats ({}); "
        "name a version whose model is of one, or have its format added",
        name, format.empty() ? "is missing, and so" : format + " is", fmt::join(formats, ", "));
  }
  if (rules.require_digest && !artifact.digest) {
    return fmt::format(
        "names ModelVersion {}, whose artifact.digest is missing, and artifacts.requireDigest asks "
        "for one; name a version that has it (slipway digest PATH tells that of files)",
        name);
  }
  return std::nullopt;
}

const api::Variant* FindVariant(const api::ModelDeployment& deployment, const std::string& name) {
  const auto found = std::ranges::find(deployment.spec.variants, name, &api::Variant::name);
  return found == deployment.spec.variants.end() ? nullptr : &*found;
}

/// A mount of the server inside its model, whose files nobody has compared; empty when there is
/// none.
std::string MountInside(const json& mounts, const std::string& model) {
  using std::filesystem::path;
  const std::string folder = (path(model).lexically_normal() / "").string();
  for (const auto& mount : mounts) {
    const std::string where = mount.value("mountPath", "");
    const bool inside = (path(where).lexically_normal() / "").string().starts_with(folder);
    if (inside && where != model) return where;
  }
  return "";
}

PodPlan PlanComparison(const json& mount, const std::string& digest, const Settings& settings) {
  PodPlan plan;
  plan.container = kVerifyContainer;
  plan.image = settings.worker_image;
  plan.command = {"/slipway", "verify-model"};
  plan.args = {"--path=" + LiteralArgument(mount.value("mountPath", "")), "--digest=" + digest};
  plan.resources = api::Resources{{{"cpu", "100m"}, {"memory", "64Mi"}}, {{"memory", "128Mi"}}};
  plan.mounts.push_back(mount);
  plan.read_only_root = true;
  return plan;
}

/// Has the files compared, or the image pinned; the reason if neither can be done.
std::optional<Problem> Pin(const Candidate& variant, json& spec, const std::string& digest,
                           const Settings& settings) {
  const json& server = spec["containers"][0];
  if (!variant.spec->model) {
    ImageRules pinned;
    pinned.require_digest = true;
    const auto image = server.value("image", "");
    const auto why = isolation::WhyNotAllowed(image, pinned);
    if (!why) return std::nullopt;
    return Refuse(variant, fmt::format("has its model in image {}, which artifacts.requireDigest "
                                       "wants pinned; it {}",
                                       image, *why));
  }
  if (settings.worker_image.empty()) {
    return Refuse(variant,
                  "has a model whose files artifacts.requireDigest wants compared, for which this "
                  "installation has no image; set config.workerImage");
  }
  const std::string& path = variant.spec->model->mount_path;
  const json mounts = server.value("volumeMounts", json::array());
  if (const std::string inside = MountInside(mounts, path); !inside.empty()) {
    return Refuse(variant, fmt::format("mounts a volume at {}, inside its model, whose files "
                                       "artifacts.requireDigest wants compared; mount it elsewhere",
                                       inside));
  }
  const auto mount = std::ranges::find_if(
      mounts, [&](const json& one) { return one.value("mountPath", "") == path; });
  if (mount == mounts.end()) return Refuse(variant, "does not mount its model");
  auto& before = spec["initContainers"];
  if (before.is_null()) before = json::array();
  const auto at = std::ranges::find_if(
      before, [](const json& one) { return one.value("name", "") != kProbeContainer; });
  before.insert(at, RestrictedPodSpec(PlanComparison(*mount, digest, settings),
                                      std::nullopt)["containers"][0]);
  return std::nullopt;
}

std::optional<Problem> Admit(const Candidate& variant, json& spec, const ObjectKey& owner,
                             const Snapshot& world, const Settings& settings) {
  if (variant.spec == nullptr || !variant.spec->model_version_ref) {
    return Refuse(variant,
                  "names no ModelVersion, and only models are served of which one says what they "
                  "are; name it in modelVersionRef");
  }
  const std::string& name = variant.spec->model_version_ref->name;
  const ObjectKey key = ChildKey(owner, name);
  const api::ModelVersion* version = world.Find(kModelVersions, key);
  if (version == nullptr || version->meta.deleted) {
    return Refuse(variant, fmt::format("names ModelVersion {}, which is not there, and only models "
                                       "are served of which one says what they are; correct "
                                       "modelVersionRef, or register the model",
                                       name));
  }
  const ArtifactRules& rules = variant.rules.artifacts;
  if (auto why = WhyNotAllowed(*version, name, rules)) return Refuse(variant, *why);
  if (!rules.require_digest) return std::nullopt;
  return Pin(variant, spec, *version->spec.artifact.digest, settings);
}

}  // namespace

void AddArtifacts(const api::IsolationArtifacts& artifacts, ArtifactRules& rules) {
  if (!artifacts.allowed_uris.empty()) rules.allowed_uris.push_back(artifacts.allowed_uris);
  if (!artifacts.allowed_formats.empty()) {
    rules.allowed_formats.push_back(artifacts.allowed_formats);
  }
  rules.require_digest = rules.require_digest || artifacts.require_digest;
}

bool IsUnder(std::string_view uri, std::string_view beginning) {
  return !LeadsElsewhere(uri) && WithPlainHost(uri).starts_with(WithPlainHost(beginning));
}

std::optional<Problem> AdmitModel(const Object& owner, Action& action, const Rules& rules,
                                  const Snapshot& world, const Settings& settings) {
  auto* apply = std::get_if<Apply>(&action);
  const bool serves =
      owner.type == kModelDeployments.type && apply != nullptr && apply->type == kDeployments.type;
  if (!serves || rules.artifacts.AllowsAll()) return std::nullopt;
  const auto& deployment = *static_cast<const api::ModelDeployment*>(owner.body.get());
  const std::string name =
      apply->body["metadata"]["labels"].value(std::string(labels::kVariant), "");
  json& spec = apply->body["spec"];
  auto problem = Admit({name, FindVariant(deployment, name), rules}, spec["template"]["spec"],
                       owner.key, world, settings);
  if (spec.value("replicas", 1) == 0) return std::nullopt;
  return problem;
}

std::optional<Problem> WhyNotVerified(const PodView& pod) {
  const auto look = std::ranges::find(pod.init_containers, kVerifyContainer, &ContainerState::name);
  if (look == pod.init_containers.end() || look->exit_code.value_or(0) == 0) return std::nullopt;
  const auto report = ReadModelReport(look->termination_message);
  if (report) return Problem{std::string(ToString(report->reason)), DescribeModel(*report)};
  return Problem{std::string(ToString(ModelReason::kModelUnreadable)),
                 "the program that compares the model before the server starts ended without a "
                 "result: " +
                     (look->termination_message.empty() ? look->terminated_reason
                                                        : look->termination_message)};
}

}  // namespace slipway::isolation
