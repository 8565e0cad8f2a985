#include "controllers/model_version/mlflow_record.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "controllers/model_version/card.hpp"
#include "controllers/model_version/kind.hpp"
#include "crds/generated/codec.hpp"

namespace slipway::model_version {
namespace {

// What the columns of MLflow's database take (mlflow/store/*/dbmodels/models.py); PostgreSQL and
// MySQL refuse more, SQLite does not.
constexpr std::size_t kMaxDescription = 5000;
constexpr std::size_t kMaxTagValue = 5000;
constexpr std::size_t kMaxParamValue = 6000;

/// At most so many bytes, cut between characters.
std::string Cut(std::string text, std::size_t max) {
  if (text.size() <= max) return text;
  std::size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text;
}

bool IsPlain(std::string_view name) {
  // Read as a path, it has to be in its shortest form (mlflow/utils/validation.py).
  const std::string path = fmt::format("/{}/", name);
  return path.find("//") == std::string::npos && path.find("/./") == std::string::npos &&
         path.find("/../") == std::string::npos;
}

/// MLflow takes letters, digits and these in names, ':' too, but not on Windows.
std::string MlflowName(std::string name) {
  const auto allowed = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-' || c == ' ' || c == '/';
  };
  for (char& c : name) {
    if (!allowed(static_cast<unsigned char>(c))) c = '_';
  }
  if (!IsPlain(name)) {
    std::ranges::replace(name, '/', '_');
    if (!IsPlain(name)) std::ranges::replace(name, '.', '_');
  }
  return name;
}

/// Such names, each given once.
class Names {
 public:
  std::string Take(const std::string& given) {
    const std::string name = MlflowName(given);
    std::string unique = name;
    for (int number = 2; !taken_.insert(unique).second; ++number) {
      unique = fmt::format("{}_{}", name, number);
    }
    return unique;
  }

 private:
  std::set<std::string> taken_;
};

class Tags {
 public:
  void Add(const std::string& name, std::string value) {
    if (value.empty()) return;
    tags_.emplace_back(names_.Take(name), Cut(std::move(value), kMaxTagValue));
  }
  void Add(const std::string& name, const std::optional<std::string>& value) {
    if (value) Add(name, *value);
  }
  MlflowRecord::Texts Finish() && { return std::move(tags_); }

 private:
  Names names_;
  MlflowRecord::Texts tags_;
};

void AddLineage(Tags& tags, const api::Lineage& lineage) {
  if (lineage.training_job) {
    tags.Add("slipway.trainingJob", lineage.training_job->name);
    tags.Add("slipway.trainingJob.uid", lineage.training_job->uid);
  }
  tags.Add("slipway.imageDigest", lineage.image_digest);
  tags.Add("slipway.parent", lineage.parent);
  if (lineage.code) {
    // MLflow's own names, which its pages show as the source of a run.
    tags.Add("mlflow.source.git.repoURL", lineage.code->git.url);
    tags.Add("mlflow.source.git.commit", lineage.code->git.commit);
    tags.Add("slipway.git.revision", lineage.code->git.revision);
  }
  for (const auto& dataset : lineage.datasets) {
    tags.Add("slipway.dataset." + dataset.name, api::ToJson(dataset).dump());
  }
}

MlflowRecord::Texts MakeTags(const api::ModelVersion& version) {
  const api::ModelVersionSpec& spec = version.spec;
  Tags tags;
  tags.Add(kUidTag, version.meta.uid);
  tags.Add("slipway.namespace", version.meta.ns);
  tags.Add("slipway.modelVersion", version.meta.name);
  tags.Add("slipway.version", std::to_string(spec.version));
  tags.Add("slipway.artifact.uri", spec.artifact.uri);
  tags.Add("slipway.artifact.digest", spec.artifact.digest);
  tags.Add("slipway.artifact.format", spec.artifact.format);
  if (spec.baseline) tags.Add("slipway.baseline", api::ToJson(*spec.baseline).dump());
  if (spec.schema) tags.Add("slipway.schema", api::ToJson(*spec.schema).dump());
  if (spec.evaluation) {
    tags.Add("slipway.gate", std::string(spec.evaluation->passed ? "passed" : "not passed"));
    tags.Add("slipway.gate.comparedWith", spec.evaluation->compared_with);
  }
  if (spec.lineage) AddLineage(tags, *spec.lineage);
  return std::move(tags).Finish();
}

std::optional<double> Number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

}  // namespace

MlflowRecord MakeMlflowRecord(const api::ModelVersion& version) {
  MlflowRecord record;
  record.model = fmt::format("{}.{}", version.meta.ns, version.spec.model_name);
  record.run_name = version.meta.name;
  record.uid = version.meta.uid;
  record.time_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(version.meta.created.time_since_epoch())
          .count();
  record.tags = MakeTags(version);
  Names params;
  if (version.spec.lineage) {
    for (const auto& parameter : version.spec.lineage->parameters) {
      record.params.emplace_back(params.Take(parameter.name), Cut(parameter.value, kMaxParamValue));
    }
  }
  Names metrics;
  for (const auto& metric : version.spec.metrics) {
    if (const auto value = Number(metric.value)) {
      record.metrics.emplace_back(metrics.Take(metric.name), *value);
    }
  }
  record.source = version.spec.artifact.uri;
  record.description = Cut(RenderCard(version), kMaxDescription);
  if (version.status) record.aliases = version.status->aliases;
  return record;
}

}  // namespace slipway::model_version
