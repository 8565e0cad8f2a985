#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controllers/common/pods.hpp"
#include "controllers/training_job/kind.hpp"

/// How the nodes of a job find each other: what the launcher of each framework reads, and nothing
/// else. The names were taken from the launchers' sources, which each function names.
namespace slipway::training_job {

/// The port on node 0 that the others meet at: torchrun's default, used for every framework.
inline constexpr int kRendezvousPort = 29500;

/// A group that takes nodes in and lets them go while it runs.
struct ElasticGroup {
  std::int32_t least = 1;         ///< Nodes that it needs; `nodes` of the Group is the most.
  std::int32_t restarts = 1;      ///< How often each launcher starts its workers anew.
  std::string id;                 ///< Another for each start of the group.
  std::int32_t join_timeout = 0;  ///< Seconds that a node waits for the others.
  std::int32_t read_timeout = 0;  ///< Seconds that it waits for node 0 to answer.
};

/// A group of nodes that are to meet.
struct Group {
  api::Framework framework = api::Framework::kCustom;
  std::int32_t nodes = 1;
  std::int32_t processes = 1;  ///< Worker processes that the launcher starts on each node.
  std::string service;         ///< The headless service whose subdomain the pods are in.
  std::optional<ElasticGroup> elastic{};  ///< Of Torch only.
};

/// What the rendezvous adds to the pod of one node.
struct Rendezvous {
  std::vector<EnvValue> env;
  Labels annotations;
  nlohmann::json volumes = nlohmann::json::array();
  nlohmann::json mounts = nlohmann::json::array();
};

Rendezvous MakeRendezvous(const Group& group, std::int32_t node);

/// "node-<n>": the host name of a node, the same in every attempt.
std::string Hostname(std::int32_t node);

/// The DNS name of a node, "node-0.<service>". With the search list and ndots:5 of every pod
/// (https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/) it is found by the
/// first query, which is "<name>.<namespace>.svc.<cluster domain>". The longer
/// "node-0.<service>.<namespace>.svc" would be tried with two wrong suffixes before the right one,
/// and the full name would need to know the cluster domain.
std::string Address(const Group& group, std::int32_t node);

}  // namespace slipway::training_job
