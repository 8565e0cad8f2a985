#pragma once

#include <optional>
#include <string_view>

#include "controllers/common/failures.hpp"
#include "controllers/common/settings.hpp"
#include "controllers/isolation/rules.hpp"
#include "operator/kube/resource.hpp"
#include "operator/kube/workloads.hpp"
#include "operator/run/plan.hpp"

/// Which models a place lets be served, and how their files are compared with what was registered.
namespace slipway::isolation {

/// The container that compares before the server starts.
inline constexpr std::string_view kVerifyContainer = "verify-model";

void AddArtifacts(const api::IsolationArtifacts& artifacts, ArtifactRules& rules);

/// Whether an address begins with that beginning, which ends with a slash. The case of scheme and
/// host means nothing, that of the rest does. One that may lead out of where it begins, such as
/// s3://models/../other, begins with nothing.
bool IsUnder(std::string_view uri, std::string_view beginning);

/// Why the pods of a variant may not be made for their model, or nullopt. `action` is what `owner`,
/// whatever its kind is, plans; pods that may be made get the container that compares, if the rules
/// ask for it, after the probe and before all others. A variant without pods may be what it likes.
std::optional<Problem> AdmitModel(const Object& owner, Action& action, const Rules& rules,
                                  const Snapshot& world, const Settings& settings);

/// What that container of a pod said when it failed last, or nullopt.
std::optional<Problem> WhyNotVerified(const PodView& pod);

}  // namespace slipway::isolation
