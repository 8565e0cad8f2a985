#pragma once

#include "controllers/common/settings.hpp"
#include "operator/run/controller.hpp"

namespace slipway {

/// What the pods of one custom resource are to each other.
enum class Pods {
  kGroup,  ///< They connect to each other, and their controller starts all of them anew.
  kAlone,
};

/// The same controller, whose pods are isolated where an IsolationPolicy says so. Whatever the
/// controller plans, a pod, or what makes pods, passes only
///   - once the NetworkPolicies that isolate it were seen to be what they should,
///   - with the probe before its own program, so that it does not start where packets are not
///     filtered,
///   - with images that are allowed, and signed where they have to be, and models that are allowed.
/// What does not pass is told to the controller as writes that failed, so that its status says why.
/// Pods that started before the rules became stricter start anew: connections outlive rules.
///
/// Like the controller it is a pure function of what a pass sees.
Controller Isolated(Controller controller, const Settings& settings, Pods pods);

}  // namespace slipway
