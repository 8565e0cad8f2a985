#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controllers/common/failures.hpp"
#include "controllers/training_job/kind.hpp"
#include "operator/run/plan.hpp"

/// The children that a job should have, as a function of its spec alone, completed by its runtime.
namespace slipway::training_job {

/// The key of the pod of a node, the same in every attempt: whatever the operator believes, and
/// however many of it there are, the API server has no room for a second pod of a node. The job's
/// UID is in it: the pod of a deleted job of the same name can never be taken for this job's.
ObjectKey PodKey(const ObjectKey& job_key, const api::TrainingJob& job, std::int32_t node);
/// The key of the headless service, one for the life of the job.
ObjectKey ServiceKey(const ObjectKey& job_key, const api::TrainingJob& job);

/// A headless service: every node gets a DNS name, also before it is ready, since a rendezvous is
/// what a node needs to become ready.
Create MakeService(const ObjectKey& job_key, const api::TrainingJob& job);

/// Hash of what users wrote that decides what the pods are: the framework, the trainer and, if
/// there is one, the checkpoint; of an elastic job not the number of nodes, but what its pods are
/// told of elasticPolicy. A pod bears it, and one that bears another was made from a trainer that
/// is no longer in the spec.
///
/// It is over the spec and not over the pods, so that an operator that renders the same spec
/// differently leaves what runs alone. A field with a default that is added to the trainer must be
/// left out here while it has that default, or the upgrade starts every running job anew. Empty
/// when this version does not know the framework: then nothing can be told about the pods.
std::string TrainerHash(const api::TrainingJob& job);

/// The pod of one node, which was restarted by itself so often in this attempt. Node 0 reports to
/// `report_url` while it runs, unless that is empty. Requires WhyImpossible(job) to be nullopt.
Create MakePod(const ObjectKey& job_key, const api::TrainingJob& job, std::int32_t node,
               std::int32_t attempt, std::int32_t member_restarts = 0,
               const std::string& report_url = {});

/// Why a job that the API server has accepted can never run, or nullopt. Nothing is created for
/// such a job; what runs of the present trainer is left alone.
std::optional<Problem> WhyImpossible(const api::TrainingJob& job);

}  // namespace slipway::training_job
