#pragma once

#include <string>
#include <string_view>

#include "controllers/training_job/kind.hpp"
#include "operator/kube/workloads.hpp"

/// What a training reports of itself. The program of node 0 writes a JSON document into a file that
/// the kubelet reads as the container's termination message, so it comes with the status of the pod
/// and needs no right, no volume and no network:
///
///   {"metrics": {"auc": 0.846},        or [{"name": "auc", "value": 0.846}]
///    "artifact": {"uri": "s3://...", "digest": "sha256:...", "sizeBytes": 5242880},
///    "datasets": [{"name": "train", "uri": "...", "version": "...", "digest": "sha256:..."}],
///    "baseline": {"uri": "...", "digest": "sha256:..."},
///    "schema": {"inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 24]}], "outputs": []}}
///
/// All of it is optional, and members with other names are left alone.
namespace slipway::training_job {

/// Whether the job wants to know what its program reports.
bool WantsResult(const api::TrainingJob& job);

/// The file of the report, in every pod whose environment names it.
std::string ResultFile(const api::TrainingJob& job);

/// What a report says. Numbers become the decimal text that they have there; those that are not
/// finite, which JSON cannot write, are left out. When anything in it is not as it should be,
/// nothing of it is used, and `problem` says what, and how to put it right. An empty text is an
/// empty report.
api::TrainingResult ReadReport(std::string_view text, std::string_view file);

/// The same of the pod of node 0, which has succeeded, with the image that it ran from.
api::TrainingResult ReadReport(const PodView& pod, std::string_view file);

/// The same of the pod of an evaluation of its own, which has succeeded.
api::TrainingResult ReadEvaluationReport(const PodView& pod, std::string_view file);

/// Whose metrics the gate judges, for messages.
std::string_view WhoMeasures(const api::TrainingJob& job);

}  // namespace slipway::training_job
