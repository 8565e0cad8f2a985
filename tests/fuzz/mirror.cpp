// The report of a pod that asks MLflow, and answers of what is taken for it, one for each call.
#include "controllers/model_version/mirror_report.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace slipway::fuzz {
namespace {

using namespace model_version;  // NOLINT(google-build-using-namespace): all of it is used.

void CheckReport(std::string_view text) {
  const auto report = ReadMirrorReport(text);
  if (!report) {
    Require(IsUtf8(report.error().message), "an error is UTF-8", report.error().message);
    return;
  }
  Require(report->place.version.size() <= 64 && report->place.run_id.size() <= 256, "names fit");
  Require(IsUtf8(report->url) && report->url.size() <= 4096, "an address fits", report->url);
}

}  // namespace

void Fuzz(std::string_view input) {
  const auto parts = Parts(input, 16);
  CheckReport(parts[0]);
  MlflowRecord record;
  record.model = "team.churn";
  record.uid = "u";
  record.metrics = {{"auc", 0.5}};
  record.params = {{"lr", "1"}};
  record.aliases = {"champion"};
  std::size_t calls = 0;
  const auto server = [&](const MlflowCall&) -> Result<nlohmann::json> {
    ++calls;  // The first part is the report.
    const std::string_view answer = calls < parts.size() ? parts[calls] : std::string_view("{}");
    // Statuses that matter, by the length, so that refusals are met as well.
    constexpr int kStatuses[] = {200, 200, 200, 404, 400, 401, 503, 200};
    const int status = kStatuses[answer.size() % 8];
    return ReadMlflowAnswer(status, answer);
  };
  const auto place = MirrorInto(server, record);
  Require(calls < 32, "the calls have an end");
  if (place) {
    const std::string written = WriteMirrorReport({*place, "http://mlflow"});
    CheckReport(written);
  } else {
    const std::string written = WriteMirrorFailure(place.error());
    Require(written.size() <= 4096, "a failure fits into a termination message", written);
    Require(IsUtf8(written), "a failure is UTF-8", written);
  }
}

}  // namespace slipway::fuzz
