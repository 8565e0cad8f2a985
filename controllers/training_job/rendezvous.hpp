#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controllers/common/pods.hpp"
#include "controllers/training_job/kind.hpp"

/// How the nodes of a job find each other: what the launcher of each framework reads, and nothing
/// else. The names were taken from the launchers' sources, which each function names.
namespace slipway::training_job {

/// The port on node 0 that the others meet at: torchrun's default, used for every framework.
inline constexpr int kRendezvousPort = 29500;

/// A group of nodes that are to meet.
struct Group {
  api::Framework framework = api::Framework::kCustom;
  std::int32_t nodes = 1;
  std::int32_t processes = 1;  ///< Worker processes that the launcher starts on each node.
  std::string service;         ///< The headless service whose subdomain the pods are in.
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
