#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "controllers/training_job/node_set.hpp"
#include "controllers/training_job/processes.hpp"
#include "controllers/training_job/rendezvous.hpp"

namespace slipway::training_job {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;

std::map<std::string, std::string> Env(const Group& group, std::int32_t node) {
  std::map<std::string, std::string> env;
  for (const auto& variable : MakeRendezvous(group, node).env) {
    EXPECT_TRUE(env.emplace(variable.name, variable.value).second) << variable.name << " twice";
  }
  return env;
}

Group GroupOf(api::Framework framework, std::int32_t nodes = 2, std::int32_t processes = 1) {
  return {framework, nodes, processes, "job-nodes"};
}

TEST(Rendezvous, GivesEveryFrameworkTheSameOwnVariables) {
  for (const auto framework : {api::Framework::kTorch, api::Framework::kTensorFlow,
                               api::Framework::kXGBoost, api::Framework::kSKLearn,
                               api::Framework::kMPI, api::Framework::kR, api::Framework::kCustom}) {
    auto env = Env(GroupOf(framework, 3, 4), 1);
    EXPECT_EQ(env["SLIPWAY_NODE_RANK"], "1");
    EXPECT_EQ(env["SLIPWAY_NUM_NODES"], "3");
    EXPECT_EQ(env["SLIPWAY_NUM_PROC_PER_NODE"], "4");
    EXPECT_EQ(env["SLIPWAY_RANK0_ADDRESS"], "node-0.job-nodes");
    EXPECT_EQ(env["SLIPWAY_NODE_ADDRESSES"], "node-0.job-nodes,node-1.job-nodes,node-2.job-nodes");
    EXPECT_EQ(env["SLIPWAY_PORT"], "29500");
  }
}

TEST(Rendezvous, GivesOtherFrameworksNothingElse) {
  for (const auto framework :
       {api::Framework::kSKLearn, api::Framework::kR, api::Framework::kCustom}) {
    EXPECT_EQ(Env(GroupOf(framework), 0).size(), 6U);
  }
}

TEST(TorchRendezvous, CountsNodesForPlainProgramsAndProcessesForTorchrun) {
  auto env = Env(GroupOf(api::Framework::kTorch, 2, 8), 1);
  EXPECT_EQ(env["MASTER_ADDR"], "node-0.job-nodes");
  EXPECT_EQ(env["MASTER_PORT"], "29500");
  EXPECT_EQ(env["RANK"], "1");
  EXPECT_EQ(env["WORLD_SIZE"], "2");
  EXPECT_EQ(env["LOCAL_WORLD_SIZE"], "1");
  EXPECT_EQ(env["PET_NNODES"], "2");
  EXPECT_EQ(env["PET_NPROC_PER_NODE"], "8");
  EXPECT_EQ(env["PET_NODE_RANK"], "1");
  EXPECT_EQ(env["PET_MASTER_ADDR"], "node-0.job-nodes");
  EXPECT_EQ(env["PET_MASTER_PORT"], "29500");
}

TEST(ElasticTorchRendezvous, TellsTorchrunTheBoundsAndThatNodeZeroKeepsTheStore) {
  Group group = GroupOf(api::Framework::kTorch, 8, 2);
  group.elastic = ElasticGroup{2, 10, "uid-3", 600, 60};
  auto env = Env(group, 0);
  EXPECT_EQ(env["PET_NNODES"], "2:8");
  EXPECT_EQ(env["PET_NPROC_PER_NODE"], "2");
  EXPECT_EQ(env["PET_MAX_RESTARTS"], "10");
  EXPECT_EQ(env["PET_RDZV_BACKEND"], "c10d");
  EXPECT_EQ(env["PET_RDZV_ENDPOINT"], "node-0.job-nodes:29500");
  EXPECT_EQ(env["PET_RDZV_ID"], "uid-3");
  EXPECT_EQ(env["PET_RDZV_CONF"], "is_host=1,join_timeout=600,read_timeout=60");
  EXPECT_EQ(Env(group, 1)["PET_RDZV_CONF"], "is_host=0,join_timeout=600,read_timeout=60");
  for (const char* fixed :
       {"PET_NODE_RANK", "PET_MASTER_ADDR", "MASTER_ADDR", "RANK", "WORLD_SIZE"}) {
    EXPECT_THAT(env, Not(Contains(Key(fixed)))) << "would be wrong as soon as a node comes or goes";
  }
}

TEST(TensorFlowRendezvous, IsTheTfConfigOfEachWorker) {
  auto env = Env(GroupOf(api::Framework::kTensorFlow), 1);
  EXPECT_EQ(nlohmann::json::parse(env["TF_CONFIG"]), nlohmann::json::parse(R"({
    "cluster": {"worker": ["node-0.job-nodes:29500", "node-1.job-nodes:29500"]},
    "task": {"type": "worker", "index": 1}})"));
}

TEST(XGBoostRendezvous, NamesTheTrackerAndOrdersTasksAsTexts) {
  auto env = Env(GroupOf(api::Framework::kXGBoost, 12), 2);
  EXPECT_EQ(env["DMLC_TRACKER_URI"], "node-0.job-nodes");
  EXPECT_EQ(env["DMLC_TRACKER_PORT"], "29500");
  EXPECT_EQ(env["DMLC_NUM_WORKER"], "12");
  EXPECT_EQ(env["DMLC_TASK_ID"], "02");
  EXPECT_LT(env["DMLC_TASK_ID"], Env(GroupOf(api::Framework::kXGBoost, 12), 10)["DMLC_TASK_ID"]);
  EXPECT_EQ(Env(GroupOf(api::Framework::kXGBoost, 10), 2)["DMLC_TASK_ID"], "2");
  EXPECT_EQ(Env(GroupOf(api::Framework::kXGBoost, 1), 0)["DMLC_TASK_ID"], "0");
}

TEST(MpiRendezvous, GivesOnlyTheLauncherHostFilesInEachForm) {
  const auto launcher = MakeRendezvous(GroupOf(api::Framework::kMPI, 2, 4), 0);
  EXPECT_EQ(launcher.annotations.at("mpi.slipway.dev/hostfile"),
            "node-0.job-nodes slots=4\nnode-1.job-nodes slots=4\n");
  EXPECT_EQ(launcher.annotations.at("mpi.slipway.dev/hostfile-hydra"),
            "node-0.job-nodes:4\nnode-1.job-nodes:4\n");
  EXPECT_EQ(launcher.annotations.at("mpi.slipway.dev/hostfile-intel"),
            "node-0:4\nnode-1.job-nodes:4\n");
  EXPECT_EQ(launcher.volumes.size(), 1U);
  EXPECT_EQ(launcher.mounts[0]["mountPath"], "/etc/mpi");
  const auto worker = MakeRendezvous(GroupOf(api::Framework::kMPI, 2, 4), 1);
  EXPECT_TRUE(worker.annotations.empty());
  EXPECT_TRUE(worker.volumes.empty());
}

TEST(MpiRendezvous, PointsEachLauncherToItsForm) {
  auto env = Env(GroupOf(api::Framework::kMPI), 0);
  EXPECT_EQ(env["OMPI_MCA_orte_default_hostfile"], "/etc/mpi/hostfile");
  EXPECT_EQ(env["PRTE_MCA_prte_default_hostfile"], "/etc/mpi/hostfile");
  EXPECT_EQ(env["HYDRA_HOST_FILE"], "/etc/mpi/hostfile.hydra");
  EXPECT_EQ(env["I_MPI_HYDRA_HOST_FILE"], "/etc/mpi/hostfile.intel");
  EXPECT_THAT(env, Not(Contains(Key("OMPI_MCA_plm_rsh_agent"))));
}

TEST(MpiRendezvous, LetsEachLauncherFindItsOwnNode) {
  auto env = Env(GroupOf(api::Framework::kMPI), 0);
  EXPECT_EQ(env["PRTE_MCA_prte_do_not_resolve"], "false");
  EXPECT_EQ(env["HYDRA_IFACE"], "eth0");
  EXPECT_EQ(env["I_MPI_HYDRA_IFACE"], "eth0");
}

TEST(MpiRendezvous, OfTheLargestJobFitsIntoAnnotations) {
  Group group = GroupOf(api::Framework::kMPI, 1000, 128);
  group.service = std::string(63, 's');
  std::size_t size = 0;
  for (const auto& [name, value] : MakeRendezvous(group, 0).annotations) size += value.size();
  EXPECT_LT(size, 256U * 1024) << "the API server's limit for all annotations of an object";
}

TEST(Rendezvous, OfTheLargestJobFitsIntoAVariable) {
  Group group = GroupOf(api::Framework::kTensorFlow, 1000);
  group.service = std::string(63, 's');
  for (const auto& [name, value] : Env(group, 999)) {
    EXPECT_LT(value.size(), 128U * 1024) << name << ": execve takes no longer string";
  }
}

api::Trainer TrainerWith(const std::string& processes, std::map<std::string, std::string> limits) {
  api::Trainer trainer;
  trainer.num_proc_per_node = processes;
  trainer.resources_per_node.emplace();
  trainer.resources_per_node->limits = std::move(limits);
  return trainer;
}

TEST(ProcessesPerNode, CountsWhatIsAskedFor) {
  struct Row {
    std::string wanted;
    std::map<std::string, std::string> limits;
    std::optional<std::int32_t> expected;
  };
  const std::vector<Row> rows{
      {"4", {}, 4},
      {"gpu", {{"nvidia.com/gpu", "8"}}, 8},
      {"gpu", {{"amd.com/gpu", "2"}, {"cpu", "16"}}, 2},
      {"gpu", {{"nvidia.com/mig-1g.5gb", "3"}}, 3},
      {"gpu", {{"nvidia.com/gpumem", "8000"}}, std::nullopt},
      {"gpu", {{"cpu", "4"}}, std::nullopt},
      {"gpu", {{"nvidia.com/gpu", "0"}}, std::nullopt},
      {"cpu", {{"cpu", "4"}}, 4},
      {"cpu", {{"cpu", "1500m"}}, 2},
      {"cpu", {{"cpu", "0.5"}}, 1},
      {"cpu", {{"memory", "1Gi"}}, std::nullopt},
      {"auto", {{"nvidia.com/gpu", "2"}, {"cpu", "32"}}, 2},
      {"auto", {{"cpu", "32"}}, 1},
      {"auto", {}, 1},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(ProcessesPerNode(TrainerWith(row.wanted, row.limits)), row.expected)
        << row.wanted << " of " << testing::PrintToString(row.limits);
  }
}

TEST(NodeSet, IsWrittenAsRangesAndReadBack) {
  const NodeSet nodes{true, false, true, true, true, false, true};
  EXPECT_EQ(FormatNodes(nodes), "0,2-4,6");
  EXPECT_EQ(ParseNodes("0,2-4,6", nodes.size()), nodes);
  EXPECT_EQ(FormatNodes(NodeSet(3, false)), "");
  EXPECT_EQ(FormatNodes(NodeSet(1000, true)), "0-999");
  EXPECT_EQ(ParseNodes("", 2), NodeSet(2, false));
}

TEST(NodeSet, IgnoresWhatIsNoNodeOfTheGroup) {
  EXPECT_EQ(ParseNodes("1,7,99999999999999999999,x,-,3-", 2), (NodeSet{false, true}));
  EXPECT_EQ(ParseNodes("0-4000000000", 2), (NodeSet{true, true}));
}

TEST(NodeSet, OfTheLargestGroupFitsIntoTheStatus) {
  NodeSet every_other(1000);
  for (std::size_t i = 0; i < every_other.size(); i += 2) every_other[i] = true;
  EXPECT_LE(FormatNodes(every_other).size(), 4096U);
}

}  // namespace
}  // namespace slipway::training_job
