#include "controllers/training_job/registration.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "controllers/common/labels.hpp"
#include "controllers/common/names.hpp"
#include "controllers/model_version/kind.hpp"

namespace slipway::training_job {
namespace {

using model_version::kModelVersions;
using nlohmann::json;

/// Value of label slipway.dev/role.
constexpr std::string_view kVersionRole = "model-version";

bool IsComplete(const api::TrainingJobStatus& status) {
  return IsTrue(status.conditions, condition::kComplete);
}

/// Why a Complete job gets no version, or nullopt when it does. By the record alone: what was
/// decided when the job ended holds.
std::optional<Problem> WhyNotRegistered(const api::Output& output, const api::TrainingJob& job,
                                        const api::TrainingJobStatus& status) {
  switch (output.register_) {
    case api::Registration::kAlways: return std::nullopt;
    case api::Registration::kOnGatePassed: break;
    case api::Registration::kNever:
    case api::Registration::kUnknown:
      return Problem{std::string(reason::kNotWanted),
                     fmt::format("spec.output.register is {}", ToString(output.register_))};
  }
  if (job.spec.evaluation && !(status.evaluation && status.evaluation->passed)) {
    return Problem{std::string(reason::kGateNotPassed),
                   "the gate has not passed (condition Evaluated says why); a job with "
                   "spec.output.register Always records its model all the same"};
  }
  if (status.result && status.result->problem) {
    return Problem{std::string(reason::kResultUnreadable), *status.result->problem};
  }
  return std::nullopt;
}

bool OwesVersion(const api::TrainingJob& job, const api::TrainingJobStatus& status) {
  return job.spec.output && IsComplete(status) && !status.model_version_ref &&
         !WhyNotRegistered(*job.spec.output, job, status);
}

std::int32_t HighestVersion(const Observed& observed, std::string_view model) {
  std::int32_t highest = 0;
  for (const auto* version : observed.versions) {
    if (version->spec.model_name == model) highest = std::max(highest, version->spec.version);
  }
  return highest;
}

/// The declared sets, with what the program reported of those of the same name, then its others.
std::vector<api::Dataset> MergeDatasets(std::vector<api::Dataset> datasets,
                                        const std::vector<api::Dataset>& reported) {
  for (const auto& report : reported) {
    const auto known = std::ranges::find(datasets, report.name, &api::Dataset::name);
    if (known == datasets.end()) {
      datasets.push_back(report);
      continue;
    }
    if (report.uri) known->uri = report.uri;
    if (report.version) known->version = report.version;
    if (report.digest) known->digest = report.digest;
  }
  return datasets;
}

/// Those of the gate first, in its order.
std::vector<api::MetricValue> SortMetrics(const api::TrainingJob& job,
                                          std::vector<api::MetricValue> metrics) {
  if (!job.spec.evaluation) return metrics;
  const auto& gate = job.spec.evaluation->metrics;
  std::ranges::stable_sort(metrics, {}, [&](const api::MetricValue& metric) {
    return std::ranges::find(gate, metric.name, &api::GateMetric::name) - gate.begin();
  });
  return metrics;
}

api::Lineage MakeLineage(const api::TrainingJob& job, const api::TrainingResult& result) {
  const api::Inputs inputs = job.spec.inputs.value_or(api::Inputs{});
  api::Lineage lineage;
  lineage.training_job = api::TrainingJobRef{job.meta.name, job.meta.uid};
  lineage.datasets = MergeDatasets(inputs.datasets, result.datasets);
  lineage.code = inputs.code;
  lineage.parent = inputs.parent;
  lineage.image_digest = result.image_digest;
  lineage.parameters = inputs.parameters;
  return lineage;
}

api::ModelVersionSpec MakeSpec(const api::TrainingJob& job, std::int32_t number) {
  const api::Output& output = *job.spec.output;
  const api::TrainingResult result = job.status->result.value_or(api::TrainingResult{});
  const auto artifact = result.artifact.value_or(api::ReportedArtifact{});
  api::ModelVersionSpec spec;
  spec.model_name = output.model_name;
  spec.version = number;
  spec.artifact = {artifact.uri.value_or(output.uri), artifact.digest, output.format,
                   artifact.size_bytes};
  spec.lineage = MakeLineage(job, result);
  spec.metrics = SortMetrics(job, result.metrics);
  if (const auto& gate = job.status->evaluation) {
    spec.evaluation = api::RecordedGate{gate->passed, gate->compared_with};
  }
  spec.baseline = result.baseline;
  spec.schema = result.schema;
  spec.card = output.card;
  return spec;
}

/// What stands in the way of the version that the job owes. That another job took its number is
/// daily life: the next one is tried.
std::optional<Problem> WhyNotYet(const std::vector<WriteFailure>& failures) {
  std::vector<WriteFailure> own;
  std::ranges::copy_if(failures, std::back_inserter(own), [](const WriteFailure& failure) {
    return failure.type == kModelVersions.type && !failure.foreign;
  });
  return ExplainFailures(own, reason::kInvalidModelVersion);
}

/// Whether it is a version of the model that was there before the job made its own, if it has.
bool IsEarlier(const Observed& observed, std::string_view model, const api::ModelVersion& version) {
  if (version.spec.model_name != model) return false;
  const api::ModelVersion* own = observed.own_version;
  return own == nullptr || own->spec.model_name != model ||
         version.spec.version < own->spec.version;
}

}  // namespace

Lookup LookUpModelVersions() {
  const auto looked_up = [](const Object& object) -> std::vector<std::string> {
    const auto& job = *static_cast<const api::TrainingJob*>(object.body.get());
    const bool finished = ReadRecord(job).finished;
    std::vector<std::string> texts;
    const std::string compared = ComparedModel(job);
    if (job.spec.output && (!finished || OwesVersion(job))) {
      texts.push_back(model_version::FiledUnder(object.key.ns, job.spec.output->model_name));
    }
    if (!compared.empty() && !finished) {
      const std::string text = model_version::FiledUnder(object.key.ns, compared);
      if (std::ranges::find(texts, text) == texts.end()) texts.push_back(text);
    }
    return texts;
  };
  return {kModelVersions, model_version::FiledByModel, looked_up};
}

std::string ComparedModel(const api::TrainingJob& job) {
  if (!job.spec.evaluation || !job.spec.evaluation->compare_to) return "";
  const std::string made = job.spec.output ? job.spec.output->model_name : "";
  return job.spec.evaluation->compare_to->model_name.value_or(made);
}

const api::ModelVersion* Newest(const Observed& observed, std::string_view model) {
  const api::ModelVersion* newest = nullptr;
  for (const auto* version : observed.versions) {
    if (!IsEarlier(observed, model, *version)) continue;
    if (newest == nullptr || version->spec.version > newest->spec.version) newest = version;
  }
  return newest;
}

const api::ModelVersion* FindChampion(const Observed& observed, std::string_view model) {
  const api::ModelVersion* champion = nullptr;
  for (const auto* version : observed.versions) {
    if (!IsEarlier(observed, model, *version) || !version->status) continue;
    const auto& aliases = version->status->aliases;
    const bool has = std::ranges::find(aliases, model_version::kChampion) != aliases.end();
    if (!has || !version->status->promotion) continue;
    if (champion == nullptr ||
        version->status->promotion->time >= champion->status->promotion->time) {
      champion = version;
    }
  }
  return champion;
}

const api::ModelVersion* FindVersion(const Observed& observed, std::string_view model,
                                     std::string_view name) {
  const auto found = std::ranges::find_if(observed.versions, [&](const auto* version) {
    return version->meta.name == name && version->spec.model_name == model;
  });
  return found == observed.versions.end() ? nullptr : *found;
}

bool OwesVersion(const api::TrainingJob& job) {
  return job.status && OwesVersion(job, *job.status);
}

Create MakeModelVersion(const ObjectKey& job_key, const api::TrainingJob& job,
                        const Observed& observed) {
  const std::string& model = job.spec.output->model_name;
  const std::int32_t number = HighestVersion(observed, model) + 1;
  Labels labels = ChildLabels(kApplication, job.meta, kVersionRole);
  labels.emplace(model_version::kModel, model);
  return {kModelVersions.type, ChildKey(job_key, model_version::NameOf(model, number)),
          json{{"metadata", {{"labels", labels}}}, {"spec", ToJson(MakeSpec(job, number))}},
          /*outlives_owner=*/true};
}

void SetRegistered(api::TrainingJobStatus& status, const api::TrainingJob& job,
                   const Observed& observed, const std::vector<WriteFailure>& failures,
                   ConditionWriter& conditions) {
  if (!job.spec.output || !IsComplete(status) || status.model_version_ref) return;
  if (const auto why = WhyNotRegistered(*job.spec.output, job, status)) {
    return conditions.Set(condition::kRegistered, false, why->reason, why->message);
  }
  if (observed.own_version != nullptr) {
    status.model_version_ref = api::ModelVersionRef{observed.own_version->meta.name};
    return conditions.Set(condition::kRegistered, true, reason::kRegistered,
                          "ModelVersion " + observed.own_version->meta.name);
  }
  const auto why = WhyNotYet(failures).value_or(
      Problem{std::string(reason::kRegistering), "the ModelVersion is being made"});
  conditions.Set(condition::kRegistered, false, why.reason, why.message);
}

}  // namespace slipway::training_job
