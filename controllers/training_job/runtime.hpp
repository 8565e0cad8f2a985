#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "controllers/common/failures.hpp"
#include "controllers/training_job/kind.hpp"
#include "operator/run/controller.hpp"

/// The template of spec.runtimeRef, and what a job makes of it.
namespace slipway::training_job {

inline constexpr Resource<api::ClusterRuntime> kClusterRuntimes{
    api::kClusterRuntimeType, api::DecodeClusterRuntime, false, /*cluster_scoped=*/true};
inline constexpr Resource<api::Runtime> kRuntimes{api::kRuntimeType, api::DecodeRuntime};

/// Runtimes are looked up by name, those of a namespace with it.
std::vector<Lookup> LookUpRuntimes();

/// A job as its runtime completes it.
struct Resolved {
  api::TrainingJob job;
  /// What the job was completed with; std::nullopt without a runtime, or when it is not there.
  std::optional<api::RuntimeRecord> runtime;
  /// Why the job cannot be completed. Nothing can be told about its pods then.
  std::optional<Problem> problem;

  /// The status does not say yet what the group is to be made from.
  bool IsUnrecorded() const;
};

/// A group that is under way goes on with what the status says its runtime was, so that neither a
/// change of the runtime nor its end touches what runs. Otherwise the runtime counts as it is now.
Resolved Resolve(const ObjectKey& key, const api::TrainingJob& job, const Snapshot& world);

/// The trainer of a job put over that of a runtime, both with the fields of spec.trainer: single
/// values and lists of texts win as a whole, maps are merged key by key, entries of lists replace
/// those of the same name (mountPath for volumeMounts) and are added otherwise. With a command of
/// the job's own the args of the runtime's go. numProcPerNode auto, the default, gives way.
nlohmann::json MergeTrainer(const nlohmann::json& runtime, const nlohmann::json& job);

}  // namespace slipway::training_job
