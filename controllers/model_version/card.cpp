#include "controllers/model_version/card.hpp"

#include <fmt/core.h>

#include <string_view>

#include "controllers/common/text.hpp"

namespace slipway::model_version {
namespace {

/// maxLength of status.card.
constexpr std::size_t kMaxCard = std::size_t{32} * 1024;
constexpr std::size_t kMaxLine = 4096;

/// As text that no viewer takes for HTML.
std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '<') {
      escaped += "&lt;";
    } else if (c == '&') {
      escaped += "&amp;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string Line(std::string_view text) { return Escaped(OneLine(text, kMaxLine)); }

void AddPoint(std::string& card, std::string_view name, std::string_view value) {
  card += fmt::format("- {}: {}\n", Line(name), Line(value));
}

template <class Value>
void AddPoint(std::string& card, std::string_view name, const std::optional<Value>& value) {
  if (value) AddPoint(card, name, fmt::format("{}", *value));
}

/// A heading with the points below it; nothing when there are none.
void AddSection(std::string& card, std::string_view title, const std::string& points) {
  if (!points.empty()) card += fmt::format("\n## {}\n\n{}", title, points);
}

void AddProse(std::string& card, std::string_view title, const std::optional<std::string>& text) {
  if (text && !text->empty()) AddSection(card, title, Escaped(*text) + "\n");
}

void AddModelCard(std::string& card, const api::ModelCard& given) {
  AddProse(card, "Intended use", given.intended_use);
  AddProse(card, "Limitations", given.limitations);
  std::string points;
  for (const auto& owner : given.owners) AddPoint(points, "owner", owner);
  AddPoint(points, "license", given.license);
  if (given.sensitivity) AddPoint(points, "sensitivity", ToString(*given.sensitivity));
  AddSection(card, "Responsibility", points);
}

void AddArtifact(std::string& card, const api::Artifact& artifact) {
  std::string points;
  AddPoint(points, "stored at", artifact.uri);
  AddPoint(points, "format", artifact.format);
  AddPoint(points, "size in bytes", artifact.size_bytes);
  AddPoint(points, "digest",
           artifact.digest.value_or("none, so nobody can tell whether it was changed"));
  AddSection(card, "Model", points);
}

void AddMetrics(std::string& card, const api::ModelVersionSpec& spec) {
  std::string points;
  for (const auto& metric : spec.metrics) AddPoint(points, metric.name, metric.value);
  if (spec.evaluation) {
    AddPoint(points, "gate", spec.evaluation->passed ? "passed" : "not passed");
    AddPoint(points, "compared with", spec.evaluation->compared_with);
  }
  AddSection(card, "Evaluation", points);
}

std::string Describe(const api::Dataset& dataset) {
  std::string text = dataset.uri.value_or("");
  if (dataset.version) text += fmt::format(" version {}", *dataset.version);
  if (dataset.digest) text += fmt::format(" {}", *dataset.digest);
  return text;
}

void AddLineage(std::string& card, const api::Lineage& lineage) {
  std::string points;
  if (lineage.training_job) {
    AddPoint(points, "training job",
             fmt::format("{} ({})", lineage.training_job->name, lineage.training_job->uid));
  }
  AddPoint(points, "image", lineage.image_digest);
  AddPoint(points, "began from", lineage.parent);
  if (lineage.code) {
    AddPoint(points, "code", lineage.code->git.url);
    AddPoint(points, "revision", lineage.code->git.revision);
    AddPoint(points, "commit", lineage.code->git.commit);
  }
  for (const auto& dataset : lineage.datasets) {
    AddPoint(points, "data " + dataset.name, Describe(dataset));
  }
  for (const auto& parameter : lineage.parameters) {
    AddPoint(points, "parameter " + parameter.name, parameter.value);
  }
  AddSection(card, "Origin", points);
}

std::string Describe(const api::Tensor& tensor) {
  std::string text = tensor.datatype;
  for (const auto dimension : tensor.shape) text += fmt::format(" {}", dimension);
  return text;
}

void AddSchema(std::string& card, const api::ModelSchema& schema) {
  std::string points;
  for (const auto& input : schema.inputs) AddPoint(points, "input " + input.name, Describe(input));
  for (const auto& output : schema.outputs) {
    AddPoint(points, "output " + output.name, Describe(output));
  }
  AddSection(card, "Schema", points);
}

/// Cuts at a line, since a point is of no use in part.
std::string Bounded(std::string card) {
  if (card.size() <= kMaxCard) return card;
  card.resize(card.rfind('\n', kMaxCard - 64) + 1);
  return card + "\n(cut: the record holds the rest)\n";
}

}  // namespace

std::string RenderCard(const api::ModelVersion& version) {
  const api::ModelVersionSpec& spec = version.spec;
  std::string card = fmt::format("# {}, version {}\n", spec.model_name, spec.version);
  if (spec.card) AddModelCard(card, *spec.card);
  AddArtifact(card, spec.artifact);
  AddMetrics(card, spec);
  if (spec.schema) AddSchema(card, *spec.schema);
  if (spec.baseline) {
    std::string points;
    AddPoint(points, "stored at", spec.baseline->uri);
    AddPoint(points, "digest", spec.baseline->digest);
    AddSection(card, "Baseline of the features", points);
  }
  if (spec.lineage) AddLineage(card, *spec.lineage);
  return Bounded(std::move(card));
}

}  // namespace slipway::model_version
