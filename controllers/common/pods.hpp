#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "crds/generated/types.hpp"
#include "operator/kube/meta.hpp"

namespace slipway {

/// A variable that the operator itself sets.
struct EnvValue {
  std::string name;
  std::string value;
  bool operator==(const EnvValue&) const = default;
};

/// A pod of one container, before the user's template and the security rules are added.
struct PodPlan {
  std::string container;  ///< Name of the container; it is what `kubectl logs` shows.
  std::string image;
  std::vector<std::string> command;
  std::vector<std::string> args;
  /// Come first, so that the user's own variables, command and args may refer to them as $(NAME).
  std::vector<EnvValue> operator_env;
  std::vector<api::EnvVar> user_env;
  std::optional<api::Resources> resources;
  nlohmann::json ports = nlohmann::json::array();    ///< Kubernetes ContainerPort objects.
  nlohmann::json volumes = nlohmann::json::array();  ///< The operator's own Volume objects.
  nlohmann::json mounts = nlohmann::json::array();   ///< The operator's own VolumeMount objects.
  nlohmann::json container_extra = nlohmann::json::object();  ///< E.g. a readinessProbe.
  /// The file whose end the kubelet puts into the status of the pod; empty for its default.
  std::string termination_message_path;
  std::string restart_policy = "Always";
  std::string hostname;  ///< With `subdomain`: the pod's name in a headless service.
  std::string subdomain;
  nlohmann::json affinity;  ///< A Kubernetes Affinity object; null for none.
  std::optional<std::int64_t> active_deadline_seconds;
  /// Only for pods that run our own image; a user's program may write where it likes.
  bool read_only_root = false;
};

/// The pod spec. This function is the only place where one is made, so every pod of ours passes
/// the "restricted" Pod Security Standard
/// (https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted), holds no
/// token for the API server, and sees no other Service's environment. No user ID is chosen:
/// OpenShift assigns one and refuses any other, and elsewhere an image that would run as root is
/// refused by the kubelet with a message that WhyNotStarting turns into advice.
nlohmann::json RestrictedPodSpec(const PodPlan& plan, const std::optional<api::PodTemplate>& user);

/// Labels and annotations of such a pod: the user's, then ours, which win.
nlohmann::json PodMetadata(const std::optional<api::PodTemplate>& user, const Labels& labels,
                           const Labels& annotations);

}  // namespace slipway
