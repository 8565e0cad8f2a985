#include "controllers/training_job/result.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "controllers/common/text.hpp"
#include "controllers/training_job/schema_reader.hpp"
#include "operator/base/digest.hpp"
#include "operator/kube/json_view.hpp"

namespace slipway::training_job {
namespace {

// What the CRD lets a status hold; all of the report that does not fit is refused here, since the
// API server would refuse the whole status for it.
constexpr std::size_t kMaxUri = 2048;
constexpr std::size_t kMaxVersion = 255;
constexpr std::size_t kMaxMetrics = 100;
constexpr std::size_t kMaxDatasets = 16;
constexpr std::int64_t kMaxSize = std::int64_t{1} << 53;

/// The kubelet keeps so much of the end of the file.
constexpr std::size_t kMaxReport = 4096;
constexpr std::string_view kDefaultFile = "/dev/termination-log";

bool IsUri(std::string_view text) {
  const auto scheme = text.substr(0, text.find("://"));
  const auto may_be_in_scheme = [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '+' || c == '.' || c == '-');
  };
  return IsText(text, kMaxUri) && text.find(' ') == std::string_view::npos && !scheme.empty() &&
         scheme.size() + 3 < text.size() && std::isalpha(static_cast<unsigned char>(scheme[0])) &&
         std::ranges::all_of(scheme, may_be_in_scheme);
}

/// Reads a report member by member.
class Reader : public SchemaReader {
 public:
  api::TrainingResult Read(const JsonView& report) {
    api::TrainingResult result;
    if (!report.IsObject()) Refuse("it", report, "a JSON object");
    result.metrics = Metrics(report["metrics"], kMaxMetrics);
    if (const JsonView artifact = Object(report, "artifact"); artifact.Exists()) {
      result.artifact = ReadArtifact(artifact);
    }
    ReadDatasets(report["datasets"], result.datasets);
    if (const JsonView baseline = Object(report, "baseline"); baseline.Exists()) {
      result.baseline = ReadBaseline(baseline);
    }
    if (const JsonView schema = Object(report, "schema"); schema.Exists()) {
      result.schema = ReadSchema(schema);
    }
    return result;
  }

 private:
  std::optional<std::string> Uri(const JsonView& value, std::string_view member) {
    if (!value.Exists()) return std::nullopt;
    std::string uri = value.Text();
    if (!IsUri(uri)) Refuse(member, value, "a URI such as s3://bucket/model, without spaces");
    return uri;
  }

  std::optional<std::string> Digest(const JsonView& value, std::string_view member) {
    if (!value.Exists()) return std::nullopt;
    std::string digest = value.Text();
    if (!IsSha256Digest(digest))
      Refuse(member, value, "sha256: and 64 hexadecimal digits in lower case");
    return digest;
  }

  api::ReportedArtifact ReadArtifact(const JsonView& given) {
    api::ReportedArtifact artifact;
    artifact.uri = Uri(given["uri"], "artifact.uri");
    artifact.digest = Digest(given["digest"], "artifact.digest");
    const JsonView size = given["sizeBytes"];
    if (!size.Exists()) return artifact;
    artifact.size_bytes = size.Int();
    if (size.IntOr(-1) < 0 || size.IntOr(-1) > kMaxSize) {
      Refuse("artifact.sizeBytes", size, "a whole number from 0 to 2^53");
    }
    return artifact;
  }

  void ReadDatasets(const JsonView& given, std::vector<api::Dataset>& datasets) {
    if (given.Exists() && !given.IsArray()) Refuse("datasets", given, "a list of objects");
    given.ForEach([&](const JsonView& item) {
      api::Dataset dataset;
      dataset.name = Name(item["name"], "datasets[].name");
      dataset.uri = Uri(item["uri"], "datasets[].uri");
      dataset.digest = Digest(item["digest"], "datasets[].digest");
      if (const JsonView version = item["version"]; version.Exists()) {
        dataset.version = version.Text();
        if (!IsText(*dataset.version, kMaxVersion)) {
          Refuse("datasets[].version", version, "a text of 1 to 255 characters");
        }
      }
      if (datasets.size() == kMaxDatasets) return Refuse("datasets", item, "at most 16");
      if (std::ranges::find(datasets, dataset.name, &api::Dataset::name) != datasets.end()) {
        return Refuse("datasets[].name", item["name"], "there once only");
      }
      datasets.push_back(std::move(dataset));
    });
  }

  api::Baseline ReadBaseline(const JsonView& given) {
    api::Baseline baseline;
    baseline.digest = Digest(given["digest"], "baseline.digest");
    if (auto uri = Uri(given["uri"], "baseline.uri")) {
      baseline.uri = std::move(*uri);
    } else {
      Refuse("baseline.uri", given["uri"], "a URI such as s3://bucket/baseline");
    }
    return baseline;
  }
};

constexpr std::string_view kNode0 = "the program of node 0";
constexpr std::string_view kEvaluation = "step evaluate";

api::TrainingResult Unreadable(std::string_view who, std::string_view file,
                               std::string_view complaint) {
  api::TrainingResult result;
  result.problem = OneLine(
      fmt::format("the result that {} wrote into {} cannot be used: {}", who, file, complaint));
  return result;
}

api::TrainingResult ReadReportOf(std::string_view who, std::string_view text,
                                 std::string_view file) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
  JsonParser parser;
  const auto report = parser.Parse(text);
  if (!report && text.size() >= kMaxReport) {
    return Unreadable(who, file,
                      "it is longer than the 4096 bytes that Kubernetes keeps; write less, "
                      "and the details into a volume or bucket");
  }
  if (!report) {
    return Unreadable(who, file,
                      report.error().message +
                          "; write one JSON document and nothing else, and numbers that are "
                          "not finite as null");
  }
  Reader reader;
  api::TrainingResult result = reader.Read(*report);
  if (reader.Complaint().empty()) return result;
  return Unreadable(who, file, reader.Complaint() + "; correct what the program writes");
}

api::TrainingResult ReadContainer(std::string_view who, std::string_view name, const PodView& pod,
                                  std::string_view file) {
  const auto container = std::ranges::find(pod.containers, name, &ContainerState::name);
  if (container == pod.containers.end()) return {};
  api::TrainingResult result = ReadReportOf(who, container->termination_message, file);
  if (IsSha256Digest(container->image_digest)) result.image_digest = container->image_digest;
  return result;
}

}  // namespace

bool WantsResult(const api::TrainingJob& job) { return job.spec.evaluation || job.spec.output; }

std::string ResultFile(const api::TrainingJob& job) {
  const auto& evaluation = job.spec.evaluation;
  return evaluation ? evaluation->metrics_from.file : std::string(kDefaultFile);
}

api::TrainingResult ReadReport(std::string_view text, std::string_view file) {
  return ReadReportOf(kNode0, text, file);
}

api::TrainingResult ReadReport(const PodView& pod, std::string_view file) {
  return ReadContainer(kNode0, kContainer, pod, file);
}

api::TrainingResult ReadEvaluationReport(const PodView& pod, std::string_view file) {
  return ReadContainer(kEvaluation, kStepContainer, pod, file);
}

std::string_view WhoMeasures(const api::TrainingJob& job) {
  return job.spec.evaluation && job.spec.evaluation->metrics_from.step ? kEvaluation : kNode0;
}

}  // namespace slipway::training_job
