// What a training reports of itself. Whatever it is, a status can hold what is made of it.
#include <set>

#include "controllers/common/decimal.hpp"
#include "controllers/training_job/result.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

void CheckText(const std::string& text, std::size_t max) {
  Require(!text.empty() && text.size() <= max && IsUtf8(text), "a text fits", text);
}

void CheckUri(const std::optional<std::string>& uri) {
  if (!uri) return;
  CheckText(*uri, 2048);
  Require(
      uri->find("://") != std::string::npos && uri->find_first_of(" \t\n\f\r") == std::string::npos,
      "a URI has a scheme and no space", *uri);
}

void CheckDigest(const std::optional<std::string>& digest) {
  if (digest) Require(digest->starts_with("sha256:") && digest->size() == 71, "a digest", *digest);
}

/// As the CRD wants it: '^-?[0-9]+(\.[0-9]+)?(e[+-]?[0-9]+)?$', at most 32 characters.
void CheckNumber(const std::string& text) {
  CheckText(text, 32);
  const char* at = text.c_str();
  const auto digits = [&] {
    const char* const from = at;
    while (*at >= '0' && *at <= '9') ++at;
    Require(at != from, "there are digits", text);
  };
  if (*at == '-') ++at;
  digits();
  if (*at == '.') ++at, digits();
  if (*at == 'e') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    digits();
  }
  Require(*at == '\0', "a metric is a decimal number", text);
  Require(DiffersBy(text, text, "0"), "a number is as great as itself", text);
}

void CheckTensors(const std::vector<api::Tensor>& tensors) {
  std::set<std::string> names;
  Require(tensors.size() <= 64, "tensors are bounded");
  for (const auto& tensor : tensors) {
    CheckText(tensor.name, 128);
    Require(names.insert(tensor.name).second, "a tensor is there once", tensor.name);
    CheckText(tensor.datatype, 32);
    Require(tensor.shape.size() <= 8, "a shape is bounded");
    for (const auto dimension : tensor.shape) Require(dimension >= -1, "a dimension is one");
  }
}

}  // namespace

void Fuzz(std::string_view input) {
  const api::TrainingResult result = training_job::ReadReport(input, "/dev/termination-log");
  if (result.problem) {
    CheckText(*result.problem, 1024);
    api::TrainingResult rest = result;
    rest.problem.reset();
    Require(rest == api::TrainingResult{}, "of what is wrong nothing is used");
    return;
  }
  std::set<std::string> names;
  Require(result.metrics.size() <= 100, "metrics are bounded");
  for (const auto& metric : result.metrics) {
    CheckText(metric.name, 128);
    Require(names.insert(metric.name).second, "a metric is there once", metric.name);
    CheckNumber(metric.value);
  }
  if (result.artifact) {
    CheckUri(result.artifact->uri);
    CheckDigest(result.artifact->digest);
    Require(result.artifact->size_bytes.value_or(0) >= 0, "a size is one");
  }
  Require(result.datasets.size() <= 16, "data sets are bounded");
  for (const auto& dataset : result.datasets) {
    CheckText(dataset.name, 128);
    Require(names.insert("data " + dataset.name).second, "a data set is there once", dataset.name);
    CheckUri(dataset.uri);
    CheckDigest(dataset.digest);
    if (dataset.version) CheckText(*dataset.version, 255);
  }
  if (result.schema) {
    CheckTensors(result.schema->inputs);
    CheckTensors(result.schema->outputs);
  }
  if (!result.baseline) return;
  CheckUri(result.baseline->uri);
  CheckDigest(result.baseline->digest);
}

}  // namespace slipway::fuzz
