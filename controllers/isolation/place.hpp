#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "controllers/common/failures.hpp"
#include "controllers/common/pods.hpp"
#include "controllers/common/settings.hpp"
#include "controllers/isolation/rules.hpp"
#include "controllers/isolation/signatures.hpp"
#include "operator/run/controller.hpp"

/// Where a custom resource lives, as far as isolation goes: what holds there, and whether it is in
/// place.
namespace slipway::isolation {

struct Place {
  std::optional<Rules> rules;  ///< nullopt: no policy selects the namespace.
  /// Why no pod may be made yet, or nullopt.
  std::optional<Problem> problem;
  /// What pods bear that start under the rules (kSince). Empty where the network is left as it is.
  std::string since;
  SignedImages signed_images{};
};

/// What a pass has to see for Look: the namespace, all policies, and the NetworkPolicy that
/// isolates the namespace. `namespace_of` names the one that a resource is about.
std::vector<Lookup> LookUpPlace(std::string (*namespace_of)(const Object& resource));

/// Looks at the place of a custom resource of that namespace. Where there is any policy and the
/// namespace itself is not known yet, nothing may be made. The world must outlive the place.
Place Look(const std::string& ns, const Snapshot& world, const Settings& settings);

/// Why that pod may not be made in this place for its images, or nullopt. `spec` is of a pod, and
/// dressed. What is found of an image is remembered in the place. The operator's own image was
/// chosen by who made the policies, and is always allowed.
std::optional<Problem> WhyImagesNotAllowed(const nlohmann::json& spec, Place& place,
                                           const Settings& settings);

/// Makes the pod one of the place: images by their mirrors but for the operator's own, credentials
/// for them, and first of all the probe, without which nothing else of it starts.
void Dress(nlohmann::json& metadata, nlohmann::json& spec, const Place& place,
           const Settings& settings);

/// A pod of one container that looks whether packets are filtered, and ends well only if they are.
PodPlan PlanProbe(const Rules& rules, const Settings& settings);

}  // namespace slipway::isolation
