#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/common/pod_state.hpp"
#include "controllers/common/pods.hpp"

namespace slipway {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// The rules of the "restricted" Pod Security Standard that a container or pod can break
/// (k8s.io/pod-security-admission/policy/check_*.go), as far as our pods could.
void ExpectRestricted(const json& spec) {
  EXPECT_EQ(spec["securityContext"]["runAsNonRoot"], true);
  EXPECT_EQ(spec["securityContext"]["seccompProfile"]["type"], "RuntimeDefault");
  EXPECT_NE(spec["securityContext"].value("runAsUser", 1), 0);
  for (const char* member : {"hostNetwork", "hostPID", "hostIPC", "initContainers"}) {
    EXPECT_FALSE(spec.contains(member)) << member;
  }
  for (const auto& container : spec["containers"]) {
    EXPECT_EQ(container["securityContext"]["allowPrivilegeEscalation"], false);
    EXPECT_EQ(container["securityContext"]["capabilities"], json({{"drop", {"ALL"}}}));
    EXPECT_FALSE(container["securityContext"].contains("privileged"));
  }
  for (const auto& volume : spec.value("volumes", json::array())) {
    EXPECT_FALSE(volume.contains("hostPath"));
  }
}

PodPlan Plan() {
  PodPlan plan;
  plan.container = "main";
  plan.image = "registry.example/app@sha256:1f";
  return plan;
}

api::PodTemplate FullTemplate() {
  api::PodTemplate user;
  user.metadata.emplace();
  user.metadata->labels = {{"team", "a"}, {"slipway.dev/role", "forged"}};
  user.metadata->annotations = {{"note", "n"}};
  user.volumes.push_back({});
  user.volumes.back().name = "data";
  user.volumes.back().empty_dir.emplace();
  user.volume_mounts.push_back({});
  user.volume_mounts.back().name = "data";
  user.volume_mounts.back().mount_path = "/data";
  user.node_selector = {{"gpu", "h100"}};
  user.image_pull_policy = api::ImagePullPolicy::kNever;
  user.working_dir = "/src";
  user.priority_class_name = "batch";
  user.termination_grace_period_seconds = 90;
  user.security_context.emplace();
  user.security_context->fs_group = 2000;
  return user;
}

TEST(RestrictedPodSpec, IsRestrictedWithAndWithoutATemplate) {
  ExpectRestricted(RestrictedPodSpec(Plan(), std::nullopt));
  ExpectRestricted(RestrictedPodSpec(Plan(), FullTemplate()));
}

TEST(RestrictedPodSpec, HoldsNoTokenAndNoServiceLinks) {
  const json spec = RestrictedPodSpec(Plan(), FullTemplate());
  EXPECT_EQ(spec["automountServiceAccountToken"], false);
  EXPECT_EQ(spec["enableServiceLinks"], false);
}

TEST(RestrictedPodSpec, ChoosesNoUserId) {
  const json context = RestrictedPodSpec(Plan(), std::nullopt)["securityContext"];
  EXPECT_FALSE(context.contains("runAsUser"));
  EXPECT_FALSE(context.contains("fsGroup"));
}

TEST(RestrictedPodSpec, TakesOverEveryFieldOfTheTemplate) {
  const json spec = RestrictedPodSpec(Plan(), FullTemplate());
  const json& container = spec["containers"][0];
  EXPECT_EQ(spec["volumes"], json::parse(R"([{"name": "data", "emptyDir": {}}])"));
  EXPECT_EQ(container["volumeMounts"], json::parse(R"([{"name": "data", "mountPath": "/data"}])"));
  EXPECT_EQ(container["imagePullPolicy"], "Never");
  EXPECT_EQ(container["workingDir"], "/src");
  EXPECT_EQ(spec["nodeSelector"]["gpu"], "h100");
  EXPECT_EQ(spec["priorityClassName"], "batch");
  EXPECT_EQ(spec["terminationGracePeriodSeconds"], 90);
  EXPECT_EQ(spec["securityContext"]["fsGroup"], 2000);
  EXPECT_EQ(spec["securityContext"]["fsGroupChangePolicy"], "OnRootMismatch");
}

TEST(RestrictedPodSpec, PutsTheOperatorsVariablesFirstSoThatOthersMayReferToThem) {
  PodPlan plan = Plan();
  plan.operator_env = {{"RANK", "3"}};
  plan.user_env.push_back({});
  plan.user_env.back().name = "NAME";
  plan.user_env.back().value = "worker-$(RANK)";
  const json env = RestrictedPodSpec(plan, std::nullopt)["containers"][0]["env"];
  ASSERT_EQ(env.size(), 2U);
  EXPECT_EQ(env[0], json({{"name", "RANK"}, {"value", "3"}}));
  EXPECT_EQ(env[1], json({{"name", "NAME"}, {"value", "worker-$(RANK)"}}));
}

TEST(RestrictedPodSpec, MakesTheRootReadOnlyOnlyWhenAsked) {
  PodPlan plan = Plan();
  const auto context = [&] {
    return RestrictedPodSpec(plan, std::nullopt)["containers"][0]["securityContext"];
  };
  EXPECT_FALSE(context().contains("readOnlyRootFilesystem"));
  plan.read_only_root = true;
  EXPECT_EQ(context()["readOnlyRootFilesystem"], true);
}

TEST(PodMetadata, OursWins) {
  const json metadata = PodMetadata(FullTemplate(), {{"slipway.dev/role", "node"}}, {});
  EXPECT_EQ(metadata["labels"]["slipway.dev/role"], "node");
  EXPECT_EQ(metadata["labels"]["team"], "a");
  EXPECT_EQ(metadata["annotations"]["note"], "n");
}

PodView Waiting(const std::string& reason, const std::string& message) {
  PodView pod;
  pod.phase = PodView::Phase::kPending;
  pod.scheduled = true;
  pod.containers.push_back({});
  pod.containers.back().waiting_reason = reason;
  pod.containers.back().waiting_message = message;
  return pod;
}

TEST(WhyNotStarting, IsSilentWhileNothingIsWrong) {
  EXPECT_FALSE(WhyNotStarting(Waiting("ContainerCreating", "")));
  EXPECT_FALSE(WhyNotStarting(Waiting("PodInitializing", "")));
  EXPECT_FALSE(WhyNotStarting(PodView{}));
}

TEST(WhyNotStarting, NamesWhatTheKubeletRefuses) {
  EXPECT_EQ(WhyNotStarting(Waiting("InvalidImageName", "bad: name"))->reason, "ImagePullFailed");
  EXPECT_EQ(WhyNotStarting(Waiting("CreateContainerConfigError", "secret \"hub\" not found")),
            (Problem{"ContainerConfigFailed", "secret \"hub\" not found"}));
  EXPECT_EQ(WhyNotStarting(Waiting("RunContainerError", "exec: not found"))->reason,
            "ContainerStartFailed");
}

TEST(WhyNotStarting, TellsAFailedPullTheSameInBothOfItsStates) {
  const auto failing = WhyNotStarting(Waiting("ErrImagePull", "manifest unknown"));
  const auto waiting = WhyNotStarting(
      Waiting("ImagePullBackOff", "Back-off pulling image \"x\": ErrImagePull: manifest unknown"));
  EXPECT_EQ(failing, waiting);
}

TEST(WhyNotStarting, AddsTheWayOutForImagesBuiltForRoot) {
  const auto problem = WhyNotStarting(Waiting(
      "CreateContainerConfigError", "container has runAsNonRoot and image will run as root"));
  EXPECT_THAT(problem->message, HasSubstr("podTemplate.securityContext.runAsUser"));
}

TEST(WhyNotStarting, SaysWhatTheSchedulerSays) {
  PodView pod;
  pod.phase = PodView::Phase::kPending;
  pod.scheduling_message = "0/3 nodes are available";
  EXPECT_EQ(WhyNotStarting(pod), (Problem{"Unschedulable", "0/3 nodes are available"}));
}

TEST(DescribeEnd, PrefersTheContainerThatFailed) {
  PodView pod;
  pod.phase = PodView::Phase::kFailed;
  ContainerState fine;
  fine.exit_code = 0;
  fine.terminated_reason = "Completed";
  ContainerState broken;
  broken.exit_code = 137;
  broken.terminated_reason = "OOMKilled";
  broken.termination_message = "killed";
  broken.finished = Instant(std::chrono::seconds(9));
  pod.containers = {broken, fine};
  const PodEnd end = DescribeEnd(pod);
  EXPECT_EQ(end.exit_code, 137);
  EXPECT_EQ(end.reason, "OOMKilled");
  EXPECT_EQ(end.message, "killed");
  EXPECT_EQ(end.time, broken.finished);
}

TEST(DescribeEnd, TakesTheKubeletsReasonForAPodThatNeverRan) {
  PodView pod;
  pod.phase = PodView::Phase::kFailed;
  pod.reason = "UnexpectedAdmissionError";
  pod.message = "no devices left";
  const PodEnd end = DescribeEnd(pod);
  EXPECT_EQ(end.reason, "UnexpectedAdmissionError");
  EXPECT_EQ(end.message, "no devices left");
  EXPECT_FALSE(end.exit_code);
}

TEST(DescribeEnd, AlwaysHasAReason) { EXPECT_EQ(DescribeEnd(PodView{}).reason, "Error"); }

}  // namespace
}  // namespace slipway
