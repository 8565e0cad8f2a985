#include "controllers/training_job/rendezvous.hpp"

#include <fmt/core.h>

#include <functional>

namespace slipway::training_job {
namespace {

using nlohmann::json;

constexpr std::string_view kMpiFolder = "/etc/mpi";
// Not under slipway.dev/, whose annotations the operator keeps in memory.
constexpr std::string_view kOpenMpiHosts = "mpi.slipway.dev/hostfile";
constexpr std::string_view kHydraHosts = "mpi.slipway.dev/hostfile-hydra";
constexpr std::string_view kIntelHosts = "mpi.slipway.dev/hostfile-intel";

std::string PortText() { return std::to_string(kRendezvousPort); }

std::string Join(std::int32_t count, std::string_view separator,
                 const std::function<std::string(std::int32_t)>& item) {
  std::string all;
  for (std::int32_t i = 0; i < count; ++i) {
    if (i != 0) all += separator;
    all += item(i);
  }
  return all;
}

/// For every framework, and the only ones for SKLearn, R and Custom programs.
void AddCommon(const Group& group, std::int32_t node, Rendezvous& rendezvous) {
  auto& env = rendezvous.env;
  env.push_back({"SLIPWAY_NODE_RANK", std::to_string(node)});
  env.push_back({"SLIPWAY_NUM_NODES", std::to_string(group.nodes)});
  env.push_back({"SLIPWAY_NUM_PROC_PER_NODE", std::to_string(group.processes)});
  env.push_back({"SLIPWAY_RANK0_ADDRESS", Address(group, 0)});
  env.push_back({"SLIPWAY_PORT", PortText()});
  env.push_back({"SLIPWAY_NODE_ADDRESSES",
                 Join(group.nodes, ",", [&](std::int32_t i) { return Address(group, i); })});
}

/// torchrun for a group whose nodes come and go: the c10d rendezvous, whose store is a process of
/// node 0 (torch/distributed/elastic/rendezvous/c10d_rendezvous_backend.py, dynamic_rendezvous.py).
/// Only torchrun knows how many nodes there are, so a program that is started without it shall find
/// nothing that it could take for the group.
void AddElasticTorch(const Group& group, std::int32_t node, Rendezvous& rendezvous) {
  const ElasticGroup& elastic = *group.elastic;
  auto& env = rendezvous.env;
  env.push_back({"PET_NNODES", fmt::format("{}:{}", elastic.least, group.nodes)});
  env.push_back({"PET_NPROC_PER_NODE", std::to_string(group.processes)});
  env.push_back({"PET_MAX_RESTARTS", std::to_string(elastic.restarts)});
  env.push_back({"PET_RDZV_BACKEND", "c10d"});
  env.push_back({"PET_RDZV_ENDPOINT", fmt::format("{}:{}", Address(group, 0), kRendezvousPort)});
  env.push_back({"PET_RDZV_ID", elastic.id});
  env.push_back(
      {"PET_RDZV_CONF", fmt::format("is_host={},join_timeout={},read_timeout={}", node == 0 ? 1 : 0,
                                    elastic.join_timeout, elastic.read_timeout)});
}

/// PyTorch, for both ways to start. torchrun takes each option from PET_<OPTION>
/// (torch/distributed/argparse_util.py, torch/distributed/run.py) and sets RANK, WORLD_SIZE and
/// the rest anew for the workers it starts. A program started without it reads MASTER_ADDR,
/// MASTER_PORT, RANK and WORLD_SIZE (torch/distributed/rendezvous.py, method env://); it is then
/// the one process of its node, so the world counts nodes, as Kubeflow's PyTorchJob
/// (pkg/controller.v1/pytorch/envvar.go) has it.
void AddTorch(const Group& group, std::int32_t node, Rendezvous& rendezvous) {
  if (group.elastic) return AddElasticTorch(group, node, rendezvous);
  auto& env = rendezvous.env;
  env.push_back({"MASTER_ADDR", Address(group, 0)});
  env.push_back({"MASTER_PORT", PortText()});
  env.push_back({"RANK", std::to_string(node)});
  env.push_back({"WORLD_SIZE", std::to_string(group.nodes)});
  env.push_back({"LOCAL_RANK", "0"});
  env.push_back({"LOCAL_WORLD_SIZE", "1"});
  env.push_back({"PET_NNODES", std::to_string(group.nodes)});
  env.push_back({"PET_NPROC_PER_NODE", std::to_string(group.processes)});
  env.push_back({"PET_NODE_RANK", std::to_string(node)});
  env.push_back({"PET_MASTER_ADDR", Address(group, 0)});
  env.push_back({"PET_MASTER_PORT", PortText()});
}

/// TensorFlow: TF_CONFIG as TFConfigClusterResolver reads it
/// (tensorflow/python/distribute/cluster_resolver/tfconfig_cluster_resolver.py). Without a task of
/// type "chief" worker 0 is the chief (distribute/multi_worker_util.py).
void AddTensorFlow(const Group& group, std::int32_t node, Rendezvous& rendezvous) {
  json workers = json::array();
  for (std::int32_t i = 0; i < group.nodes; ++i) {
    workers.push_back(fmt::format("{}:{}", Address(group, i), kRendezvousPort));
  }
  const json config = {{"cluster", {{"worker", std::move(workers)}}},
                       {"task", {{"type", "worker"}, {"index", node}}}};
  rendezvous.env.push_back({"TF_CONFIG", config.dump()});
}

/// XGBoost: the arguments of xgboost.collective.CommunicatorContext in their upper-case form
/// (src/collective/comm_group.cc), and what node 0 needs to start the RabitTracker. The tracker
/// with sortby="task" orders workers by comparing task ids as texts (src/collective/tracker.h), so
/// they are padded to one width: the rank of a worker is then its node's index also beyond ten.
void AddXGBoost(const Group& group, std::int32_t node, Rendezvous& rendezvous) {
  const std::size_t width = std::to_string(group.nodes - 1).size();
  rendezvous.env.push_back({"DMLC_TRACKER_URI", Address(group, 0)});
  rendezvous.env.push_back({"DMLC_TRACKER_PORT", PortText()});
  rendezvous.env.push_back({"DMLC_TASK_ID", fmt::format("{:0{}}", node, width)});
  rendezvous.env.push_back({"DMLC_NUM_WORKER", std::to_string(group.nodes)});
}

/// Mounts annotations of the pod as files. A pod can project its own annotations, so no
/// ConfigMap has to be created before it and deleted after it.
void MountHostFiles(Rendezvous& rendezvous) {
  const auto file = [](std::string_view path, std::string_view annotation) {
    return json{
        {"path", path},
        {"fieldRef", {{"fieldPath", fmt::format("metadata.annotations['{}']", annotation)}}}};
  };
  rendezvous.volumes.push_back(
      {{"name", "slipway-mpi"},
       {"downwardAPI",
        {{"items",
          {file("hostfile", kOpenMpiHosts), file("hostfile.hydra", kHydraHosts),
           file("hostfile.intel", kIntelHosts)}}}}});
  rendezvous.mounts.push_back(
      {{"name", "slipway-mpi"}, {"mountPath", kMpiFolder}, {"readOnly", true}});
}

/// MPI: a host file for mpirun, which runs on node 0 only. Open MPI writes "host slots=n" and finds
/// the file by the MCA parameter orte_default_hostfile (prte_default_hostfile since version 5); the
/// second parameter keeps it from cutting the names at the first dot, which would not resolve.
/// Version 5 finds its own node in the file only if it may resolve names
/// (prte_check_host_is_local); else it would start a daemon there through the agent. Hydra, the
/// launcher of MPICH, writes "host:n" and refuses the other form (src/pm/hydra/lib/utils,
/// HYDU_process_mfile_token), hence a second file. Intel MPI's Hydra finds its own node only by the
/// host name, hence a third one. Both may tell the others to call node 0 by its bare host name,
/// which DNS does not know: hence the interface whose address they tell instead. Container runtimes
/// call it eth0 in every pod. How the nodes are reached (plm_rsh_agent, keys) stays the image's
/// business.
void AddMpi(const Group& group, std::int32_t node, Rendezvous& rendezvous) {
  if (node != 0) return;
  const auto hosts = [&](std::string_view format, const std::string& first) {
    return Join(group.nodes, "", [&](std::int32_t i) {
      return fmt::format(fmt::runtime(format), i == 0 ? first : Address(group, i), group.processes);
    });
  };
  rendezvous.annotations.emplace(kOpenMpiHosts, hosts("{} slots={}\n", Address(group, 0)));
  rendezvous.annotations.emplace(kHydraHosts, hosts("{}:{}\n", Address(group, 0)));
  rendezvous.annotations.emplace(kIntelHosts, hosts("{}:{}\n", Hostname(0)));
  MountHostFiles(rendezvous);
  const std::string open_mpi = fmt::format("{}/hostfile", kMpiFolder);
  auto& env = rendezvous.env;
  env.push_back({"OMPI_MCA_orte_default_hostfile", open_mpi});
  env.push_back({"OMPI_MCA_orte_keep_fqdn_hostnames", "true"});
  env.push_back({"PRTE_MCA_prte_default_hostfile", open_mpi});
  env.push_back({"PRTE_MCA_prte_keep_fqdn_hostnames", "true"});
  env.push_back({"PRTE_MCA_prte_do_not_resolve", "false"});
  env.push_back({"HYDRA_HOST_FILE", fmt::format("{}/hostfile.hydra", kMpiFolder)});
  env.push_back({"HYDRA_IFACE", "eth0"});
  env.push_back({"I_MPI_HYDRA_HOST_FILE", fmt::format("{}/hostfile.intel", kMpiFolder)});
  env.push_back({"I_MPI_HYDRA_IFACE", "eth0"});
}

}  // namespace

std::string Hostname(std::int32_t node) { return fmt::format("node-{}", node); }

std::string Address(const Group& group, std::int32_t node) {
  return fmt::format("{}.{}", Hostname(node), group.service);
}

Rendezvous MakeRendezvous(const Group& group, std::int32_t node) {
  Rendezvous rendezvous;
  AddCommon(group, node, rendezvous);
  switch (group.framework) {
    case api::Framework::kTorch: AddTorch(group, node, rendezvous); break;
    case api::Framework::kTensorFlow: AddTensorFlow(group, node, rendezvous); break;
    case api::Framework::kXGBoost: AddXGBoost(group, node, rendezvous); break;
    case api::Framework::kMPI: AddMpi(group, node, rendezvous); break;
    case api::Framework::kSKLearn:
    case api::Framework::kR:
    case api::Framework::kCustom:
    case api::Framework::kUnknown: break;
  }
  return rendezvous;
}

}  // namespace slipway::training_job
