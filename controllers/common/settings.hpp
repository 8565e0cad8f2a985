#pragma once

#include <string>
#include <vector>

namespace slipway {

/// A serving runtime that the platform team offers by name in the operator's configuration.
struct ServingRuntime {
  std::string name;
  std::string image;
  std::vector<std::string> command;
  std::vector<std::string> args;
  bool operator==(const ServingRuntime&) const = default;
};

/// Who sees to it that the pods of a gang are placed together.
enum class GangScheduler {
  kNone,          ///< Nobody: a job that requires it is refused.
  kBarrier,       ///< The operator, by gates; it then watches all nodes and pods of the cluster.
  kVolcano,       ///< Volcano, by its PodGroup.
  kCoscheduling,  ///< The plugin of that name in scheduler-plugins, by its PodGroup.
};

/// What the planners need to know of this installation. Immutable for the life of the process.
struct Settings {
  std::string cluster_domain = "cluster.local";
  /// The image that holds this binary; drift evaluations run in it.
  std::string worker_image;
  std::vector<ServingRuntime> runtimes;
  GangScheduler gang_scheduler = GangScheduler::kNone;
  /// With Volcano or Coscheduling: spec.schedulerName of the pods of a gang; empty for the name
  /// that an installation of theirs has by itself.
  std::string gang_scheduler_name;
  /// Where pods reach the reports of this installation, such as
  /// "http://slipway-reports.slipway-system.svc:8081"; empty when it takes none.
  std::string report_url;
  /// What `slipway probe` compares, each HOST:PORT of the same host: the reports, which an isolated
  /// pod must reach, and the canary, which it must not. Both empty when there is no canary.
  std::string probe_reachable;
  std::string probe_refused;
  /// The namespaces whose objects are looked after; empty for all.
  std::vector<std::string> served_namespaces;
  /// Where the operator itself is.
  std::string operator_namespace = "slipway-system";
  /// The MLflow that ModelVersions are copied to, such as "http://mlflow.mlflow.svc:5000"; empty
  /// for none.
  std::string mlflow_tracking_uri;
  /// Name of the Secret with the credentials, in the namespace of each ModelVersion.
  std::string mlflow_secret = "slipway-mlflow";
};

}  // namespace slipway
