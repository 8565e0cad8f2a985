#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/training_job/decide.hpp"
#include "controllers/training_job/describe.hpp"
#include "controllers/training_job/failure_policy.hpp"
#include "controllers/training_job/observe.hpp"
#include "controllers/training_job/rendezvous.hpp"
#include "operator/run/plan.hpp"

/// Jobs whose group goes on with fewer nodes or more (spec.elasticPolicy).
///
/// A node that is lost while the others go on is recorded as one that is awaited (members.hpp), and
/// so are the nodes that a change of spec.trainer.numNodes adds: their pods are made by later
/// passes, those of lost nodes after a cool-down. So what is the size of the group is in the status
/// (status.nodes.desired), and the spec says what it shall be. Node 0 is where the others meet and
/// is never given up. See docs/decisions/0016-elastic-groups.md.
namespace slipway::training_job {

/// What the group goes by; nullopt for a job that is not elastic.
std::optional<Elastic> ReadElastic(const api::TrainingJob& job);

/// How many nodes the group has: what was recorded of one that is under way, else what the spec
/// says. Requires record and attempt.
std::int32_t SizeOfGroup(const api::TrainingJob& job, const Observed& observed);

/// Nodes of a group under way that the status says are awaited; 0 for a job that is not elastic.
std::int32_t CountRecordedAbsent(const Observed& observed);

/// The part of the trainer, and of the policy, that decides what the pods are: not numNodes.
std::string ElasticTrainerText(const api::TrainingJob& job);

/// Makes the group of a pod one whose launcher takes nodes in and lets them go.
void MakeElastic(const api::TrainingJob& job, std::int32_t attempt, Group& group);

/// Enough nodes run or have succeeded, node 0 among them.
bool RunsEnough(const Observed& observed);

/// All nodes have succeeded but those that are awaited.
bool HasGroupSucceeded(const Observed& observed);

/// To go on without the nodes that failed; nullopt when they were not merely disrupted, or the
/// group cannot do without them. Requires at least one failure.
std::optional<Decision> GoOnWithout(const api::TrainingJob& job, const Observed& observed,
                                    const std::vector<Failure>& failures);

/// To give up the nodes that do not train yet when others have succeeded: they would find nobody.
std::optional<Decision> GiveUpLatecomers(const Observed& observed);

/// To take the size that the spec asks for.
std::optional<Decision> ChangeSize(const Observed& observed);

/// The job as the pass will find it that sees kShrink or kResize recorded; for any other decision
/// as it is.
Observed AfterScaling(Observed observed, const Decision& decision);

/// When the pod of an awaited node may be created, by what the status says of the size; nullopt
/// when there is nothing to wait for. Requires a job with elasticPolicy.
std::optional<Instant> GrowTime(const api::TrainingJob& job,
                                const std::optional<api::ElasticStatus>& elastic,
                                const api::MemberState& member, Instant now);

/// Creates the pods of the awaited nodes whose time has come.
void CreateAbsent(Plan& plan, const ObjectKey& key, const api::TrainingJob& job,
                  const Observed& observed, Instant now);

/// What the status says of the size after a decision. Requires AfterScaling.
std::optional<api::ElasticStatus> NextElastic(const api::TrainingJob& job, const Observed& observed,
                                              const Decision& decision, Instant now);

/// Of a group that runs; nullopt for a job that is not elastic, and while too few nodes run.
std::optional<Account> DescribeElastic(const api::TrainingJob& job, const Observed& observed,
                                       const Decision& decision, Instant now);

/// Why the job cannot be elastic with the framework, which may be that of the runtime.
std::optional<Problem> WhyNotElastic(const api::TrainingJob& job);

std::vector<EmitEvent> ElasticEvents(const std::optional<api::TrainingJobStatus>& before,
                                     const api::TrainingJobStatus& after);

}  // namespace slipway::training_job
