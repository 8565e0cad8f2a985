#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controllers/common/conditions.hpp"
#include "controllers/common/settings.hpp"
#include "controllers/common/worker_pod.hpp"
#include "controllers/model_version/kind.hpp"
#include "operator/run/plan.hpp"

/// The copy of a version in MLflow, made by a pod of the operator's own image in the namespace of
/// the version (docs/decisions/0019-mlflow-by-pods.md). Nothing waits for it: a version is recorded
/// and Ready whether or not MLflow is there.
namespace slipway::model_version {

/// A pod that mirrors.
struct MirrorPod : WorkerPod {
  std::string attempt;
  std::int32_t failures = 0;
};

struct Mirroring {
  bool wanted = false;  ///< This installation mirrors.
  bool needed = false;  ///< MLflow lacks the version, or an alias of it.
  std::string attempt;  ///< As status.mirror.attempt, of what is needed now.
  std::int32_t failures = 0;
  std::optional<Instant> retry_time;
  std::optional<MirrorPod> current;
  /// Pods of no use any more: their result is recorded, or something else is needed now.
  std::vector<MirrorPod> done;
};

/// `status` has the aliases of this pass, and the mirror of the last one.
Mirroring ObserveMirroring(const ObjectKey& key, const api::ModelVersion& version,
                           const api::ModelVersionStatus& status, const Snapshot& world,
                           const Settings& settings, Instant now);

/// The key of the pod of an attempt after so many failures.
ObjectKey MirrorPodKey(const ObjectKey& key, const api::ModelVersion& version,
                       std::string_view attempt, std::int32_t failures);

void PlanMirroring(Plan& plan, const ObjectKey& key, const api::ModelVersion& version,
                   const api::ModelVersionStatus& status, const Mirroring& mirroring,
                   const Settings& settings, Instant now);

/// Brings status.mirror and condition Mirrored up to date.
void SetMirrored(api::ModelVersionStatus& status, const api::ModelVersion& version,
                 const Mirroring& mirroring, const std::vector<WriteFailure>& failures,
                 const Settings& settings, Instant now);

}  // namespace slipway::model_version
