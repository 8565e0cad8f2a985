#include "operator/kube/workloads.hpp"

#include <gtest/gtest.h>

namespace slipway {
namespace {

template <class T>
T Decode(const Resource<T>& resource, std::string_view json) {
  JsonParser parser;
  auto decoded = resource.decode(*parser.Parse(json));
  EXPECT_TRUE(decoded) << json;
  return decoded.value_or(T{});
}

TEST(DecodePod, ReadsARunningPod) {
  const PodView pod = Decode(kPods, R"({
    "spec":{"nodeName":"node-1"},
    "status":{"phase":"Running","podIP":"10.0.0.7","startTime":"2026-09-01T12:00:00Z",
      "conditions":[{"type":"Ready","status":"True"},{"type":"PodScheduled","status":"True"}],
      "containerStatuses":[{"name":"main","ready":true,"restartCount":2,"state":{"running":{}}}]}})");
  EXPECT_EQ(pod.phase, PodView::Phase::kRunning);
  EXPECT_TRUE(pod.ready);
  EXPECT_TRUE(pod.scheduled);
  EXPECT_EQ(pod.node_name, "node-1");
  EXPECT_EQ(pod.ip, "10.0.0.7");
  EXPECT_EQ(pod.started, ParseTime("2026-09-01T12:00:00Z"));
  ASSERT_EQ(pod.containers.size(), 1U);
  EXPECT_EQ(pod.containers[0].name, "main");
  EXPECT_TRUE(pod.containers[0].ready);
  EXPECT_EQ(pod.containers[0].restarts, 2);
  EXPECT_FALSE(pod.containers[0].exit_code);
}

TEST(DecodePod, SaysWhyAPodDoesNotRun) {
  const PodView pod = Decode(kPods, R"({"status":{"phase":"Pending","reason":"R","message":"M",
      "conditions":[{"type":"PodScheduled","status":"False","message":"0/3 nodes"}],
      "containerStatuses":[{"name":"c","state":{"waiting":
        {"reason":"ImagePullBackOff","message":"no such image"}}}]}})");
  EXPECT_EQ(pod.phase, PodView::Phase::kPending);
  EXPECT_FALSE(pod.scheduled);
  EXPECT_EQ(pod.scheduling_message, "0/3 nodes");
  EXPECT_EQ(pod.reason, "R");
  EXPECT_EQ(pod.message, "M");
  EXPECT_EQ(pod.containers[0].waiting_reason, "ImagePullBackOff");
  EXPECT_EQ(pod.containers[0].waiting_message, "no such image");
}

TEST(DecodePod, ReadsTheDigestOfAnImageThatWasPulled) {
  const PodView pod = Decode(kPods, R"({"status":{"containerStatuses":[
      {"name":"a","imageID":"registry.example.com:5000/ml/churn@sha256:1f"},
      {"name":"b","imageID":"sha256:2e"},
      {"name":"c"}]}})");
  EXPECT_EQ(pod.containers[0].image_digest, "sha256:1f");
  EXPECT_EQ(pod.containers[1].image_digest, "") << "of its configuration, not of the image";
  EXPECT_EQ(pod.containers[2].image_digest, "");
}

TEST(DecodePod, ReadsHowAContainerEnded) {
  const PodView pod = Decode(kPods, R"({"status":{"phase":"Failed","containerStatuses":[
      {"name":"c","state":{"terminated":{"exitCode":137,"reason":"OOMKilled","message":"m",
       "finishedAt":"2026-09-01T12:00:00Z"}}},
      {"name":"d","state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}})");
  EXPECT_EQ(pod.phase, PodView::Phase::kFailed);
  EXPECT_EQ(pod.containers[0].exit_code, 137);
  EXPECT_EQ(pod.containers[0].terminated_reason, "OOMKilled");
  EXPECT_EQ(pod.containers[0].termination_message, "m");
  EXPECT_EQ(pod.containers[0].finished, ParseTime("2026-09-01T12:00:00Z"));
  EXPECT_EQ(pod.containers[1].exit_code, 0);
}

TEST(DecodePod, RemembersTheLastEndUntilTheContainerIsReadyAgain) {
  const PodView pod = Decode(kPods, R"({"status":{"phase":"Running","containerStatuses":[
      {"name":"loops","ready":false,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
       "lastState":{"terminated":{"exitCode":7,"reason":"Error"}}},
      {"name":"well","ready":true,"state":{"running":{}},
       "lastState":{"terminated":{"exitCode":7,"reason":"Error"}}}]}})");
  EXPECT_EQ(pod.containers[0].waiting_reason, "CrashLoopBackOff");
  EXPECT_EQ(pod.containers[0].exit_code, 7);
  EXPECT_EQ(pod.containers[0].terminated_reason, "Error");
  EXPECT_FALSE(pod.containers[1].exit_code);
}

TEST(DecodePod, KnowsEveryPhase) {
  EXPECT_EQ(Decode(kPods, R"({"status":{"phase":"Succeeded"}})").phase, PodView::Phase::kSucceeded);
  for (const auto* json : {"{}", R"({"status":{"phase":"Unknown"}})",
                           R"({"status":{"phase":"Future"}})", R"({"status":{"phase":3}})"}) {
    EXPECT_EQ(Decode(kPods, json).phase, PodView::Phase::kUnknown) << json;
  }
}

TEST(DecodeDeployment, ReadsReplicasAndConditions) {
  const DeploymentView deployment = Decode(kDeployments, R"({"spec":{"replicas":3},"status":{
      "observedGeneration":4,"replicas":5,"readyReplicas":2,"updatedReplicas":1,
      "availableReplicas":2,"conditions":[
        {"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded",
         "message":"m"}]}})");
  EXPECT_EQ(deployment.observed_generation, 4);
  EXPECT_EQ(deployment.spec_replicas, 3);
  EXPECT_EQ(deployment.replicas, 5);
  EXPECT_EQ(deployment.ready_replicas, 2);
  EXPECT_EQ(deployment.updated_replicas, 1);
  EXPECT_EQ(deployment.available_replicas, 2);
  ASSERT_EQ(deployment.conditions.size(), 1U);
  EXPECT_EQ(deployment.conditions[0].reason, "ProgressDeadlineExceeded");
}

TEST(DecodeAutoscaler, ReadsTheUseOfCpuOnly) {
  const AutoscalerView autoscaler = Decode(kAutoscalers, R"({"status":{
      "currentReplicas":1,"desiredReplicas":4,"currentMetrics":[
        {"type":"Resource","resource":{"name":"memory","current":{"averageUtilization":10}}},
        {"type":"Resource","resource":{"name":"cpu","current":{"averageUtilization":85}}},
        {"type":"External"}],
      "conditions":[{"type":"ScalingActive","status":"True"}]}})");
  EXPECT_EQ(autoscaler.current_replicas, 1);
  EXPECT_EQ(autoscaler.desired_replicas, 4);
  EXPECT_EQ(autoscaler.current_cpu_utilization, 85);
  EXPECT_EQ(autoscaler.conditions.size(), 1U);
  EXPECT_FALSE(Decode(kAutoscalers, "{}").current_cpu_utilization);
}

TEST(DecodeMachine, ReadsConditionsWithoutTheirMessages) {
  const MachineView machine = Decode(kMachines, R"({"status":{"conditions":[
      {"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown","message":"long"}]}})");
  ASSERT_EQ(machine.conditions.size(), 1U);
  EXPECT_EQ(machine.conditions[0].type, "Ready");
  EXPECT_EQ(machine.conditions[0].status, "Unknown");
  EXPECT_EQ(machine.conditions[0].reason, "NodeStatusUnknown");
  EXPECT_EQ(machine.conditions[0].message, "");
}

TEST(Decode, ReadsServiceAndDisruptionBudget) {
  EXPECT_EQ(Decode(kServices, R"({"spec":{"clusterIP":"None"}})").cluster_ip, "None");
  const auto budget =
      Decode(kDisruptionBudgets, R"({"status":{"currentHealthy":2,"desiredHealthy":1}})");
  EXPECT_EQ(budget.current_healthy, 2);
  EXPECT_EQ(budget.desired_healthy, 1);
}

TEST(Decode, TakesNumbersThatDoNotFitAsZero) {
  const auto deployment =
      Decode(kDeployments,
             R"({"spec":{"replicas":99999999999},"status":{"replicas":"3","readyReplicas":1.5}})");
  EXPECT_EQ(deployment.spec_replicas, 0);
  EXPECT_EQ(deployment.replicas, 0);
  EXPECT_EQ(deployment.ready_replicas, 0);
}

TEST(Decode, RefusesWhatIsNoObject) {
  JsonParser parser;
  const JsonView array = *parser.Parse("[]");
  EXPECT_FALSE(kPods.decode(array));
  EXPECT_FALSE(kServices.decode(array));
  EXPECT_FALSE(kDeployments.decode(array));
  EXPECT_FALSE(kDisruptionBudgets.decode(array));
  EXPECT_FALSE(kAutoscalers.decode(array));
}

}  // namespace
}  // namespace slipway
