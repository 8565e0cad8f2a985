#pragma once

#include <optional>
#include <string>

#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/observe.hpp"
#include "operator/run/plan.hpp"

/// Nodes that are restarted by themselves (action RestartMember) while the others go on.
///
/// The next pod of a node bears the name of the one before it, so the API server has no room for
/// it until that one is gone. Which of them a pod is says its label: how often the node was
/// restarted in its attempt. That is recorded first; a pod with a lower number is then a leftover.
namespace slipway::training_job {

/// Label of a pod whose node was restarted by itself: how often, in this attempt.
inline constexpr std::string_view kMemberRestarts = "slipway.dev/member-restarts";

/// Far above the maximum of maxRestarts.
inline constexpr std::int32_t kMostMemberRestarts = 1000;

/// What the label says; 0 without one, and never more than kMostMemberRestarts, since anybody who
/// may change pods may write it.
std::int32_t MemberRestartsOf(const ObjectMeta& pod);

/// What the status records of the nodes in the attempt that counts; one entry for each node.
std::vector<api::MemberState> RecordedMembers(const Observed& observed);

/// Takes in what the pods say: of a restart that the status does not know, and that what was
/// awaited is there. Requires nodes and members.
void SortOutMembers(Observed& observed);

/// Whether a pod of before still bears the name that the next pod of the node needs.
bool IsPlaceTaken(const Observed& observed, std::int32_t node);

/// When the next pod of a node may be created; nullopt when there is nothing to wait for.
std::optional<Instant> MemberRestartTime(const api::TrainingJob& job,
                                         const api::MemberState& member, Instant now);

/// Creates the awaited pods whose place is free, each as soon as its time has come.
void CreateAwaited(Plan& plan, const ObjectKey& key, const api::TrainingJob& job,
                   const Observed& observed, Instant now);

/// The nodes and their number of restarts after a decision.
void SetMembers(api::TrainingJobStatus& status, const Observed& observed, const Decision& decision);

/// Which nodes are awaited and until when, the same text from the decision until they are there.
/// Empty when there are none.
std::string DescribeMembers(const api::TrainingJob& job, const Observed& observed,
                            const Decision& decision);

/// Why the failure policy cannot be applied to the framework, which may be that of the runtime.
std::optional<Problem> WhyMembersImpossible(const api::TrainingJob& job);

}  // namespace slipway::training_job
